"""The account's audit log (version 2): who changed what, whatever credential they used.

Source: API reference, "Get account audit logs (Version 2)": `since` and `before` are needed, pages by cursor.
"""

from __future__ import annotations

from datetime import datetime

from sandbox.cloudflare.accounts import own
from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.permissions import Token
from sandbox.cloudflare.world import World

ACTIONS = {"POST": "create", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
MOST = 1000


def row(identity: str, method: str, path: str, at: str, token: Token, target: str, status: int) -> Json:
    """One entry of the log."""
    return {
        "id": identity,
        "action": {"time": at, "type": ACTIONS[method], "result": "success" if status < 400 else "failure"},
        "actor": {"context": "api_token", "token_id": token.id, "token_name": token.name, "type": "user"},
        "raw": {"method": method, "uri": f"/client/v4{path}", "status_code": status},
        "resource": {"id": target},
    }


def list_all(world: World, ask: Ask) -> Answer:
    """GET /accounts/{account_id}/logs/audit."""
    own(world, ask)
    since, before = _instant(ask, "since"), _instant(ask, "before")
    found = [one for one in world.audit if since <= datetime.fromisoformat(one["action"]["time"]) <= before]
    found = found if ask.one("direction") == "asc" else found[::-1]
    begin, size = int(ask.one("cursor") or 0), int(float(ask.one("limit") or 100))
    if not 1 <= size <= MOST:
        raise VendorRefusal(400, 6003, f"Invalid request: limit lies in 1..{MOST}")
    part, more = found[begin : begin + size], begin + size < len(found)
    return Answer(part, result_info={"count": str(len(part)), "cursor": str(begin + size) if more else ""})


def _instant(ask: Ask, name: str) -> datetime:
    try:
        return datetime.fromisoformat(ask.one(name) or "")
    except ValueError:
        raise VendorRefusal(400, 6003, f"Invalid request: {name} is needed, in RFC 3339") from None
