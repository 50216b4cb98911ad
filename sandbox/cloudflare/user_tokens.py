"""User API tokens: verify, create, list, get, update, delete, and the permission groups."""

from __future__ import annotations

import ipaddress
from datetime import datetime
from typing import Any

from cloudflare.types.user import TokenCreateParams, TokenUpdateParams

from sandbox.cloudflare import permissions
from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask, matches, paged
from sandbox.cloudflare.permissions import Token, digest
from sandbox.cloudflare.refusals import check_body
from sandbox.cloudflare.world import World

BAD_TOKEN_REQUEST = 1001


def verify(world: World, ask: Ask) -> Answer:
    """GET /user/tokens/verify: id and status of the token that asks."""
    row = ask.token.row(ask.now)
    shown = {key: row[key] for key in ("id", "status", "expires_on", "not_before") if key in row}
    message = {
        "code": 10000,
        "message": f"This API Token is {'valid and ' if row['status'] == 'active' else ''}{row['status']}",
    }
    return Answer(shown, messages=(message | {"type": None},))


def create(world: World, ask: Ask) -> Answer:
    """POST /user/tokens: the value is in this answer and never again."""
    body = _checked(ask.body, TokenCreateParams)
    value = world.new_secret()
    token = Token(
        id=world.new_id(),
        name=body["name"],
        digest=digest(value),
        policies=_policies(world, body["policies"]),
        issued_on=ask.stamp,
        modified_on=ask.stamp,
        expires_on=body.get("expires_on"),
        not_before=body.get("not_before"),
        condition=body.get("condition", {}),
    )
    world.tokens[token.id] = token
    return Answer(token.row(ask.now) | {"value": value})


def list_all(world: World, ask: Ask) -> Answer:
    """GET /user/tokens."""
    return paged([token.row(ask.now) for token in world.tokens.values()], ask)


def get(world: World, ask: Ask) -> Answer:
    """GET /user/tokens/{token_id}."""
    return Answer(_found(world, ask).row(ask.now))


def update(world: World, ask: Ask) -> Answer:
    """PUT /user/tokens/{token_id}: the whole definition; the value stays."""
    token = _found(world, ask)
    body = _checked(ask.body, TokenUpdateParams)
    token.policies = _policies(world, body["policies"])
    token.name = body["name"]
    token.expires_on = body.get("expires_on")
    token.not_before = body.get("not_before")
    token.condition = body.get("condition", {})
    token.status = body.get("status", token.status)
    token.modified_on = ask.stamp
    return Answer(token.row(ask.now))


def delete(world: World, ask: Ask) -> Answer:
    """DELETE /user/tokens/{token_id}."""
    token = _found(world, ask)
    del world.tokens[token.id]
    return Answer({"id": token.id})


def permission_groups(world: World, ask: Ask) -> Answer:
    """GET /user/tokens/permission_groups, filtered by name."""
    return Answer([row for row in permissions.groups() if matches(row, ask, "name")])


def _found(world: World, ask: Ask) -> Token:
    if ask.names["token_id"] not in world.tokens:
        raise VendorRefusal(404, 1003, "Invalid or missing token")
    return world.tokens[ask.names["token_id"]]


def _checked(body: object, kind: type) -> Json:
    """The body with only what a caller may write in `policies` left in it."""
    if not isinstance(body, dict):
        raise VendorRefusal(400, 6007, "Malformed JSON in request body: an object is required")
    rows = body.get("policies")
    shaped = body | {"policies": [_writable(row) for row in rows]} if isinstance(rows, list) else body
    checked = check_body(shaped, kind, code=BAD_TOKEN_REQUEST)
    if not checked["policies"]:
        raise VendorRefusal(400, BAD_TOKEN_REQUEST, "a token needs a policy", pointer="/policies")
    first, last = checked.get("not_before"), checked.get("expires_on")
    if first and last and datetime.fromisoformat(first) >= datetime.fromisoformat(last):
        raise VendorRefusal(400, BAD_TOKEN_REQUEST, "not_before must lie before expires_on", pointer="/not_before")
    rule = checked.get("condition", {}).get("request_ip", {})
    for text in [*rule.get("in", []), *rule.get("not_in", [])]:
        try:
            ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise VendorRefusal(400, BAD_TOKEN_REQUEST, f"{text!r} is not a CIDR", pointer="/condition") from None
    return checked


def _writable(policy: Any) -> Any:
    """A policy without what only the vendor writes, so that an answer can be sent back as a request."""
    if not isinstance(policy, dict) or not isinstance(policy.get("permission_groups"), list):
        return policy
    groups = [
        {key: value for key, value in group.items() if key != "name"} if isinstance(group, dict) else group
        for group in policy["permission_groups"]
    ]
    return {key: value for key, value in policy.items() if key != "id"} | {"permission_groups": groups}


def _policies(world: World, rows: list[Any]) -> list[Json]:
    known = {row["id"]: row["name"] for row in permissions.groups()}
    policies = []
    for place, row in enumerate(rows):
        for group in row["permission_groups"]:
            if group["id"] not in known:
                where = f"/policies/{place}/permission_groups"
                raise VendorRefusal(400, BAD_TOKEN_REQUEST, f"no permission group {group['id']}", pointer=where)
        groups = [{"id": group["id"], "name": known[group["id"]]} for group in row["permission_groups"]]
        if not groups or not row["resources"]:
            raise VendorRefusal(
                400, BAD_TOKEN_REQUEST, "a policy needs permission groups and resources", pointer="/policies"
            )
        policies.append({"id": world.new_id(), **row, "permission_groups": groups})
    return policies
