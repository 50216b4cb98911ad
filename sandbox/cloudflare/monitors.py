"""Load balancer monitors: create, read, update, delete, with the vendor's ranges."""

from __future__ import annotations

import re

from cloudflare.types.load_balancers import MonitorCreateParams

from sandbox.cloudflare.accounts import own
from sandbox.cloudflare.answers import Answer, Json, VendorRefusal, not_here
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.limits import Plan
from sandbox.cloudflare.refusals import check_body
from sandbox.cloudflare.world import World

BAD_VALUE = 1002
REFERENCED = 1005
PROBED = frozenset({"http", "https", "tcp"})
_CODES = re.compile(r"[1-5](\d\d|xx)(\s*,\s*[1-5](\d\d|xx))*")
_DEFAULTS: Json = {
    "type": "http",
    "description": "",
    "method": "GET",
    "path": "/",
    "header": {},
    "port": 0,
    "timeout": 5,
    "retries": 2,
    "interval": 60,
    "consecutive_up": 0,
    "consecutive_down": 0,
    "expected_body": "",
    "expected_codes": "",
    "follow_redirects": False,
    "allow_insecure": False,
    "probe_zone": "",
}
RANGES = {
    "timeout": (1, 10),
    "retries": (0, 5),
    "consecutive_up": (0, 10),
    "consecutive_down": (0, 10),
    "port": (0, 65535),
}


def create(world: World, ask: Ask) -> Answer:
    """POST /accounts/{account_id}/load_balancers/monitors."""
    own(world, ask)
    if world.plan.monitors is not None and len(world.monitors) >= world.plan.monitors:
        raise VendorRefusal(400, 1004, f"monitor limit reached: {world.plan.monitors} on {world.plan.label}")
    monitor = _checked(ask.body, _DEFAULTS, world.plan)
    monitor = {"id": world.new_id(), "created_on": ask.stamp, "modified_on": ask.stamp, **monitor}
    world.monitors[monitor["id"]] = monitor
    return Answer(monitor)


def list_all(world: World, ask: Ask) -> Answer:
    """GET /accounts/{account_id}/load_balancers/monitors."""
    own(world, ask)
    return Answer(list(world.monitors.values()))


def get(world: World, ask: Ask) -> Answer:
    """GET .../monitors/{monitor_id}."""
    return Answer(_found(world, ask))


def update(world: World, ask: Ask) -> Answer:
    """PUT .../monitors/{monitor_id}: fields left out get their defaults."""
    return _store(world, ask, _found(world, ask), _DEFAULTS)


def edit(world: World, ask: Ask) -> Answer:
    """PATCH .../monitors/{monitor_id}: fields left out stay."""
    old = _found(world, ask)
    return _store(world, ask, old, {key: old[key] for key in _DEFAULTS})


def delete(world: World, ask: Ask) -> Answer:
    """DELETE .../monitors/{monitor_id}. Raises VendorRefusal (412) while a pool uses it."""
    monitor = _found(world, ask)
    if any(pool.get("monitor") == monitor["id"] for pool in world.pools.values()):
        raise VendorRefusal(412, REFERENCED, "This object is referenced by other objects, delete them first.")
    del world.monitors[monitor["id"]]
    return Answer({"id": monitor["id"]})


def codes_expected(expected: str, code: int) -> bool:
    """Whether an HTTP status is one that the monitor expects: "200", "2xx", or several with commas; "" means 200."""
    wanted = [part.strip() for part in (expected or "200").split(",")]
    return any(part == str(code) or (part.endswith("xx") and part[0] == str(code)[0]) for part in wanted)


def _store(world: World, ask: Ask, old: Json, start: Json) -> Answer:
    fresh = old | _checked(ask.body, start, world.plan) | {"modified_on": ask.stamp}
    world.monitors[old["id"]] = fresh
    return Answer(fresh)


def _found(world: World, ask: Ask) -> Json:
    own(world, ask)
    if ask.names["monitor_id"] not in world.monitors:
        raise VendorRefusal(404, 1001, "monitor not found")
    return world.monitors[ask.names["monitor_id"]]


def _checked(body: object, start: Json, plan: Plan) -> Json:
    given = check_body(body, MonitorCreateParams, code=BAD_VALUE)
    monitor = start | {key: value for key, value in given.items() if value is not None}
    ranges = RANGES | {"interval": (plan.monitor_interval, 3600)}
    for key, (low, high) in ranges.items():
        if not low <= monitor[key] <= high:
            raise VendorRefusal(400, BAD_VALUE, f"{key} must be between {low} and {high}", pointer=f"/{key}")
    if monitor["type"] not in PROBED:
        raise not_here(f"a monitor of type {monitor['type']}")
    if monitor["follow_redirects"]:
        raise not_here("a monitor that follows redirects")
    if monitor["timeout"] >= monitor["interval"]:
        raise VendorRefusal(400, BAD_VALUE, "timeout must be less than interval", pointer="/timeout")
    if monitor["type"] == "tcp":
        if not monitor["port"]:
            raise VendorRefusal(400, BAD_VALUE, "a tcp monitor needs a port", pointer="/port")
    elif not _CODES.fullmatch(monitor["expected_codes"] or "200") or not str(monitor["path"]).startswith("/"):
        raise VendorRefusal(400, BAD_VALUE, 'expected_codes are like "200" or "2xx"; a path begins with /')
    return monitor
