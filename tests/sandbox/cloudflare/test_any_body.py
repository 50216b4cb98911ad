"""Whatever JSON a caller sends, every call answers or refuses in the vendor's envelope."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.cloudflare import edge
from sandbox.cloudflare.answers import Answer, VendorRefusal
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.limits import PLANS
from sandbox.cloudflare.permissions import Token, group_id
from sandbox.cloudflare.routes import ROUTES, Route
from sandbox.cloudflare.world import World

ACCOUNT = "a" * 32
RULE = {
    "action": "set_cache_settings",
    "expression": 'http.host eq "a.example"',
    "ref": "r",
    "action_parameters": {
        "cache": True,
        "edge_ttl": {"mode": "override_origin", "default": 60},
        "cache_key": {"custom_key": {"query_string": {"include": {"all": True}}}},
    },
    "position": {"index": 1},
}
HEADERS = {
    "action": "rewrite",
    "expression": "true",
    "action_parameters": {"headers": {"x-a": {"operation": "set", "expression": "http.host"}}},
}
ORIGIN = {"name": "o", "address": "o.weddings.example", "weight": 1, "header": {"Host": ["a.example"]}}
BODIES: dict[str, Any] = {
    "user.tokens": {
        "name": "t",
        "policies": [
            {
                "effect": "allow",
                "permission_groups": [{"id": group_id("Zone Read")}],
                "resources": {"com.cloudflare.api.account.zone.*": "*"},
            }
        ],
        "expires_on": "2027-06-12T00:00:00Z",
        "condition": {"request_ip": {"in": ["127.0.0.1/32"]}},
    },
    "zones.settings": {"value": "on"},
    "zones": {"account": {"id": ACCOUNT}, "name": "other.example", "paused": True},
    "dns.records": {"type": "A", "name": "a", "content": "192.0.2.1", "ttl": 60, "proxied": True},
    "cache": {"files": [{"url": "https://weddings.example/a", "headers": {}}]},
    "rulesets.rules": RULE,
    "rulesets": {
        "kind": "zone",
        "phase": "http_response_headers_transform",
        "name": "n",
        "rules": [HEADERS],
    },
    "load_balancers.pools": {"name": "q", "origins": [ORIGIN], "monitor": "", "origin_steering": {"policy": "random"}},
    "load_balancers.monitors": {"type": "https", "interval": 15, "header": {"Host": ["a"]}, "expected_codes": "2xx"},
    "load_balancers": {
        "name": "app.weddings.example",
        "default_pools": ["POOL"],
        "fallback_pool": "POOL",
        "region_pools": {"WEU": ["POOL"]},
        "rules": [{"name": "r", "overrides": {"default_pools": ["POOL"]}}],
        "session_affinity": "cookie",
        "session_affinity_ttl": 1800,
    },
}
CHANGING = [route for route in ROUTES if route.mutating]


def _ask(names: dict[str, str], body: Any, token: Token) -> Ask:
    return Ask(names, {}, body, token, datetime(2027, 6, 11, tzinfo=UTC), 0.0)


def _route(operation: str) -> Route:
    return next(route for route in ROUTES if route.operation == operation)


def _world() -> tuple[World, dict[str, str], Token]:
    """A world with one of everything, and the names that lead to it."""
    ids = (f"{number:032x}" for number in itertools.count(1))
    token = Token(id="0" * 32, name="op", digest="", policies=[], issued_on="", modified_on="")
    world = World({"id": ACCOUNT, "name": "a"}, "u", PLANS["business"], lambda: next(ids), lambda: "secret")
    world.tokens[token.id] = token
    names = {
        "account_id": ACCOUNT,
        "token_id": token.id,
        "setting_id": "brotli",
        "phase": "http_request_cache_settings",
    }

    def make(operation: str, name: str, body: Any) -> None:
        answer = _route(operation).handler(world, _ask(names, body, token))
        names[name] = answer.result["id"]

    make("zones.create", "zone_id", {"account": {"id": ACCOUNT}, "name": "weddings.example"})
    make("dns.records.create", "record_id", BODIES["dns.records"] | {"name": "b"})
    rule = {key: value for key, value in RULE.items() if key != "position"} | {"ref": "first"}
    make("rulesets.create", "ruleset_id", {"kind": "zone", "name": "n", "phase": names["phase"], "rules": [rule]})
    names["rule_id"] = world.zones[names["zone_id"]].rulesets[names["ruleset_id"]]["rules"][0]["id"]
    make("load_balancers.monitors.create", "monitor_id", BODIES["load_balancers.monitors"])
    make("load_balancers.pools.create", "pool_id", BODIES["load_balancers.pools"] | {"name": "p"})
    balancer = {"name": "b.weddings.example", "default_pools": [names["pool_id"]], "fallback_pool": names["pool_id"]}
    make("load_balancers.create", "load_balancer_id", balancer)
    return world, names, token


def _body_of(route: Route, pool_id: str) -> Any:
    """A valid body for the route, or something for those that need none."""
    known = [prefix for prefix in BODIES if route.operation.startswith(prefix)]
    body = BODIES[max(known, key=len)] if known else {"value": "on"}
    return json.loads(json.dumps(body).replace("POOL", pool_id))


JUNK = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 2**40), st.floats(allow_nan=False), st.text(max_size=6)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=5,
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in _places(one, (*path, key)))]


def _state(world: World) -> str:
    tokens = [dataclasses.asdict(token) for token in world.tokens.values()]
    return json.dumps([edge.snapshot(world, 0, "~"), tokens])


def _with(value: Any, place: tuple[Any, ...], junk: Any) -> Any:
    if not place:
        return junk
    changed = copy.deepcopy(value)
    spot = changed
    for key in place[:-1]:
        spot = spot[key]
    spot[place[-1]] = junk
    return changed


@pytest.mark.parametrize("route", CHANGING, ids=[f"{route.operation} {route.method}" for route in CHANGING])
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_body_is_answered_or_refused(route: Route, data: st.DataObject) -> None:
    """A valid body with anything put anywhere in it is answered, or refused with the world left as it was."""
    world, names, token = _world()
    body = _body_of(route, names["pool_id"])
    body = _with(body, data.draw(st.sampled_from(_places(body))), data.draw(JUNK))
    before = _state(world)
    try:
        answer = route.handler(world, _ask(names, body, token))
    except VendorRefusal as refused:
        assert refused.status in (400, 403, 404, 412, 429, 501)
        assert _state(world) == before
    else:
        assert isinstance(answer, Answer)
        assert json.loads(json.dumps(answer.envelope()))["success"] is True
        assert json.loads(_state(world))


def test_the_bodies_are_valid_to_begin_with() -> None:
    """Unspoilt, each body is accepted, so that the test above starts from what works."""
    for route in CHANGING:
        world, names, token = _world()
        body = _body_of(route, names["pool_id"])
        if route.operation == "zones.create":
            body.pop("paused")
        elif route.operation == "zones.edit":
            body = {"paused": True}
        elif route.operation == "rulesets.phases.update":
            names["phase"] = "http_response_headers_transform"
            body = {"rules": body["rules"]}
        elif route.operation == "rulesets.update":
            body = {"rules": []}
        refusals = {"load_balancers.pools.delete": 412, "tc_regional.edit": 403}
        try:
            assert route.handler(world, _ask(names, body, token)).status in (200, 204)
        except VendorRefusal as refused:
            assert refusals.get(route.operation) == refused.status, route.operation
