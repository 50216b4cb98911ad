"""Load balancer pools: create, read, update, delete, health and references."""

from __future__ import annotations

import re
from typing import Any

from cloudflare.types.load_balancers import PoolCreateParams, PoolUpdateParams

from sandbox.cloudflare.accounts import own
from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.health import pool_healthy, pool_report
from sandbox.cloudflare.monitors import BAD_VALUE, REFERENCED
from sandbox.cloudflare.refusals import check_body
from sandbox.cloudflare.world import World

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_DEFAULTS: Json = {
    "description": "",
    "enabled": True,
    "minimum_origins": 1,
    "check_regions": None,
    "health_sources": None,
    "monitor": "",
    "monitor_group": "",
    "notification_email": "",
    "notification_filter": None,
    "load_shedding": None,
    "origin_steering": {"policy": "random"},
    "latitude": None,
    "longitude": None,
    "networks": [],
}
_OWN = ("name", "origins", *_DEFAULTS)
_ONLY_WHEN_SET = ("monitor", "monitor_group", "disabled_at")
"""What the vendor leaves out of an answer: its provider takes an empty string for a change."""


def create(world: World, ask: Ask) -> Answer:
    """POST /accounts/{account_id}/load_balancers/pools."""
    own(world, ask)
    if world.plan.pools is not None and len(world.pools) >= world.plan.pools:
        raise VendorRefusal(400, 1004, f"pool limit reached: {world.plan.pools} on {world.plan.label}")
    pool = _checked(world, ask.body, _DEFAULTS, None)
    pool = {"id": world.new_id(), "created_on": ask.stamp, "modified_on": ask.stamp, "disabled_at": None, **pool}
    world.pools[pool["id"]] = pool
    return Answer(_shown(world, pool))


def list_all(world: World, ask: Ask) -> Answer:
    """GET /accounts/{account_id}/load_balancers/pools, filtered by monitor."""
    own(world, ask)
    rows = [pool for pool in world.pools.values() if ask.one("monitor") in (None, pool["monitor"])]
    return Answer([_shown(world, pool) for pool in rows])


def get(world: World, ask: Ask) -> Answer:
    """GET .../pools/{pool_id}."""
    return Answer(_shown(world, _found(world, ask)))


def update(world: World, ask: Ask) -> Answer:
    """PUT .../pools/{pool_id}: fields left out get their defaults."""
    return _store(world, ask, _found(world, ask), _DEFAULTS)


def edit(world: World, ask: Ask) -> Answer:
    """PATCH .../pools/{pool_id}: fields left out stay; `origins` is replaced whole."""
    old = _found(world, ask)
    return _store(world, ask, old, {key: old[key] for key in _OWN})


def delete(world: World, ask: Ask) -> Answer:
    """DELETE .../pools/{pool_id}. Raises VendorRefusal (412) while a load balancer names it."""
    pool = _found(world, ask)
    if _users(world, pool["id"]):
        raise VendorRefusal(412, REFERENCED, "This object is referenced by other objects, delete them first.")
    del world.pools[pool["id"]]
    world.health.pop(pool["id"], None)
    return Answer({"id": pool["id"]})


def health(world: World, ask: Ask) -> Answer:
    """GET .../pools/{pool_id}/health: what the monitor saw, from the sandbox's one vantage point."""
    pool = _found(world, ask)
    return Answer({"pool_id": pool["id"], "pop_health": pool_report(pool, world.health.get(pool["id"], {}))})


def references(world: World, ask: Ask) -> Answer:
    """GET .../pools/{pool_id}/references: the load balancers that name the pool."""
    rows = [
        {
            "reference_type": "referrer",
            "resource_type": "load_balancer",
            "resource_id": row["id"],
            "resource_name": row["name"],
        }
        for row in _users(world, _found(world, ask)["id"])
    ]
    return Answer(rows)


def named_pools(balancer: Json) -> set[str]:
    """Ids of all pools that a load balancer names anywhere."""
    found = {balancer["fallback_pool"], *balancer["default_pools"]}
    for key in ("region_pools", "country_pools", "pop_pools"):
        for pools in (balancer.get(key) or {}).values():
            found.update(pools)
    for rule in balancer.get("rules") or []:
        overrides = rule.get("overrides", {})
        found.update(overrides.get("default_pools", []), overrides.get("pools", []))
        found.update([overrides["fallback_pool"]] if overrides.get("fallback_pool") else [])
    return found


def _users(world: World, pool_id: str) -> list[Json]:
    balancers = [row for zone in world.zones.values() for row in zone.load_balancers.values()]
    return [row for row in balancers if pool_id in named_pools(row)]


def _found(world: World, ask: Ask) -> Json:
    own(world, ask)
    if ask.names["pool_id"] not in world.pools:
        raise VendorRefusal(404, 1001, "pool not found")
    return world.pools[ask.names["pool_id"]]


def _shown(world: World, pool: Json) -> Json:
    shown = {key: value for key, value in pool.items() if value or key not in _ONLY_WHEN_SET}
    return shown | {"healthy": pool_healthy(pool, world.health.get(pool["id"], {}))}


def _store(world: World, ask: Ask, old: Json, start: Json) -> Answer:
    fresh = old | _checked(world, ask.body, start, old["id"]) | {"modified_on": ask.stamp}
    if fresh["enabled"] is not old["enabled"]:
        fresh["disabled_at"] = None if fresh["enabled"] else ask.stamp
    world.pools[old["id"]] = fresh
    return Answer(_shown(world, fresh))


def _checked(world: World, body: object, start: Json, own_id: str | None) -> Json:
    given = check_body(body, PoolCreateParams, PoolUpdateParams, code=BAD_VALUE, partial="origins" in start)
    pool = start | given
    pool |= {key: _DEFAULTS[key] for key in _DEFAULTS if pool[key] is None}
    if not _NAME.fullmatch(str(pool["name"])):
        raise VendorRefusal(400, BAD_VALUE, "a pool's name holds letters, digits, - and _ only", pointer="/name")
    if any(row["name"] == pool["name"] and row["id"] != own_id for row in world.pools.values()):
        raise VendorRefusal(400, 1003, "value not unique", pointer="/name")
    if pool["monitor"] and pool["monitor"] not in world.monitors:
        raise VendorRefusal(400, BAD_VALUE, "monitor: no such monitor", pointer="/monitor")
    if pool["monitor_group"]:
        raise VendorRefusal(501, 501, "monitor groups are not implemented in the sandbox; nothing was changed")
    pool["origins"] = _origins(pool["origins"])
    elsewhere = sum(len(row["origins"]) for row in world.pools.values() if row["id"] != own_id)
    if world.plan.endpoints is not None and elsewhere + len(pool["origins"]) > world.plan.endpoints:
        raise VendorRefusal(400, 1004, f"endpoint limit reached: {world.plan.endpoints} on {world.plan.label}")
    return pool


def _origins(rows: list[Any]) -> list[Json]:
    """Origins as the vendor returns them: by name, in alphabetical order, with port 0 where none was given."""
    if not rows:
        raise VendorRefusal(400, BAD_VALUE, "a pool needs an origin", pointer="/origins")
    full = []
    for index, row in enumerate(rows):
        if not row.get("address") or not row.get("name"):
            raise VendorRefusal(400, BAD_VALUE, "an origin needs a name and an address", pointer=f"/origins/{index}")
        if not 0 <= row.get("weight", 1) <= 1:
            raise VendorRefusal(400, BAD_VALUE, "an origin's weight lies in 0..1", pointer=f"/origins/{index}/weight")
        full.append({"enabled": True, "weight": 1, "port": 0, "flatten_cname": True, **row})
        if not full[-1].get("header"):  # left out by the vendor as well
            full[-1].pop("header", None)
    for key in ("name", "address"):
        if len({row[key] for row in full}) < len(full):
            raise VendorRefusal(400, 1003, f"value not unique: two origins have the same {key}", pointer="/origins")
    return sorted(full, key=lambda row: str(row["name"]))
