"""Cloudflare API tokens: their value is in the answer that creates them and in no other, so it is kept in the state.

Source of facts: the API reference ("Create Token"); `resources` is JSON text in the SDK's type, an object in the API.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.types.cloudflare_api import Collection, call

TOKEN = "cloudflare:index/apiToken:ApiToken"
VALUE = "value"

_TOKENS = Collection(TOKEN, home=lambda inputs: "/user/tokens", unique=("name",))


def _body(ask: Ask) -> dict[str, Any]:
    wanted = _TOKENS.body(ask)
    for policy in wanted["policies"]:
        policy["resources"] = json.loads(policy["resources"])
    return wanted


def _create(ask: Ask) -> str:
    """A token whose answer was lost is none: nobody knows its value, so another one is made."""
    made = call(ask, "post", _TOKENS.path(ask), body=_body(ask))
    ask.state[VALUE] = made[VALUE]
    return str(made["id"])


def _read(ask: Ask, identity: str) -> Properties:
    found = _TOKENS.read(ask, identity)
    declared = [policy.get("resources") for policy in ask.inputs.get("policies", ())]
    for place, policy in enumerate(found["policies"]):
        live, text = policy["resources"], declared[place] if place < len(declared) else None
        as_declared = isinstance(text, str) and json.loads(text) == live
        policy["resources"] = text if as_declared else json.dumps(live, sort_keys=True)
    return {**found, **({VALUE: ask.state[VALUE]} if VALUE in ask.state else {})}


def _update(ask: Ask, identity: str) -> None:
    call(ask, "put", _TOKENS.path(ask, identity), body=_body(ask))


ROWS = (
    Type(
        token=TOKEN,
        create=_create,
        read=_read,
        update=_update,
        delete=_TOKENS.delete,
        rules=Rules(sets=frozenset({"permissionGroups"}), computed=frozenset({"status", "condition"})),
        volatile=frozenset({"lastUsedOn", "modifiedOn"}),
    ),
)
