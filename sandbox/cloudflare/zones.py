"""Zones: create, list by name, get, edit, delete."""

from __future__ import annotations

import re

from cloudflare.types.zones import ZoneCreateParams, ZoneEditParams

from sandbox.cloudflare import permissions
from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask, matches, paged
from sandbox.cloudflare.refusals import check_body
from sandbox.cloudflare.shape import Field
from sandbox.cloudflare.world import World, Zone

BAD_REQUEST = 1004
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


def is_host(name: str) -> bool:
    """Whether `name` is a host name of at least two labels (RFC 1035), in lower case."""
    labels = name.split(".")
    return len(name) <= 253 and len(labels) > 1 and all(_LABEL.fullmatch(label) for label in labels)


def create(world: World, ask: Ask) -> Answer:
    """POST /zones. The zone is active at once: nobody delegates name servers in a sandbox.

    The reference names account, name and type; the vendor's own Terraform provider sends `paused` in every create.
    """
    body = check_body(ask.body, ZoneCreateParams, code=BAD_REQUEST, extra={"paused": Field(bool, required=False)})
    name = str(body["name"]).lower()
    if body["account"].get("id") != world.account["id"]:
        raise VendorRefusal(403, 9109, "Unauthorized to access requested resource")
    if not is_host(name):
        raise VendorRefusal(400, 1097, f"{name} is not a valid domain name")
    if any(zone.name == name for zone in world.zones.values()):
        raise VendorRefusal(400, 1061, f"{name} already exists")
    row = _row(world, ask, world.new_id(), name, str(body.get("type", "full")))
    zone = Zone(row | {"paused": body.get("paused", False)})
    world.zones[zone.row["id"]] = zone
    return Answer(zone.row)


def _row(world: World, ask: Ask, zone_id: str, name: str, kind: str) -> Json:
    return {
        "id": zone_id,
        "name": name,
        "status": "active",
        "paused": False,
        "type": kind,
        "development_mode": 0,
        "name_servers": ["ada.ns.cloudflare.com", "bob.ns.cloudflare.com"],
        "original_name_servers": None,
        "original_registrar": None,
        "original_dnshost": None,
        "created_on": ask.stamp,
        "modified_on": ask.stamp,
        "activated_on": ask.stamp,
        "vanity_name_servers": [],
        "meta": {"step": 2, "custom_certificate_quota": 0, "page_rule_quota": 0, "phishing_detected": False},
        "owner": {"id": world.user_id, "type": "user", "name": "owner"},
        "account": {"id": world.account["id"], "name": world.account["name"]},
        "permissions": ["#zone:read", "#zone:edit"],
        "plan": {
            "id": permissions.group_id(f"plan {world.plan.name}"),
            "name": world.plan.label,
            "legacy_id": world.plan.name,
            "is_subscribed": True,
            "can_subscribe": False,
            "currency": "USD",
            "frequency": "monthly",
            "externally_managed": False,
            "legacy_discount": False,
            "price": 0,
        },
    }


def list_all(world: World, ask: Ask) -> Answer:
    """GET /zones: those that the token may read, by name, filtered by name, status and account."""
    area = permissions.AREAS["zone"]
    rows = [
        zone.row
        for zone in world.zones.values()
        if permissions.allows(ask.token, area, write=False, account_id=world.account["id"], zone_id=zone.row["id"])
        and matches(zone.row, ask, "name", "status")
        and ask.one("account.id") in (None, world.account["id"])
    ]
    return paged(sorted(rows, key=lambda row: str(row["name"])), ask)


def get(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}."""
    return Answer(world.zone(ask.names["zone_id"]).row)


def edit(world: World, ask: Ask) -> Answer:
    """PATCH /zones/{zone_id}: paused, type or vanity_name_servers, one of them a call."""
    zone = world.zone(ask.names["zone_id"])
    body = check_body(ask.body, ZoneEditParams, code=BAD_REQUEST)
    if len(body) != 1:
        raise VendorRefusal(400, BAD_REQUEST, "Only one zone property can be changed at a time")
    if body.get("type", zone.row["type"]) != zone.row["type"] and not world.plan.enterprise:
        raise VendorRefusal(400, BAD_REQUEST, "not entitled to change the type of a zone: Enterprise is required")
    if body.get("vanity_name_servers") and world.plan.name not in ("business", "enterprise"):
        raise VendorRefusal(400, 1096, "Vanity name servers need a Business or Enterprise plan")
    zone.row |= body | {"modified_on": ask.stamp}
    return Answer(zone.row)


def delete(world: World, ask: Ask) -> Answer:
    """DELETE /zones/{zone_id}, with everything in it."""
    zone = world.zone(ask.names["zone_id"])
    del world.zones[zone.row["id"]]
    return Answer({"id": zone.row["id"]})
