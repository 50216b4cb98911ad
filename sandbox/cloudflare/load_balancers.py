"""Load balancers of a zone: pools in order, steering, the fallback pool."""

from __future__ import annotations

from cloudflare.types.load_balancers import LoadBalancerCreateParams, LoadBalancerUpdateParams

from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.monitors import BAD_VALUE
from sandbox.cloudflare.pools import named_pools
from sandbox.cloudflare.refusals import check_body
from sandbox.cloudflare.world import World, Zone

REGIONS = frozenset(["WNAM", "ENAM", "WEU", "EEU", "NSAM", "SSAM", "OC", "ME", "NAF", "SAF", "SAS", "SEAS", "NEAS"])
AFFINITY_SECONDS = {"cookie": (1800, 604800), "ip_cookie": (1800, 604800), "header": (30, 3600)}
_DEFAULTS: Json = {
    "description": "",
    "enabled": True,
    "proxied": False,
    "ttl": 30,
    "steering_policy": "",
    "session_affinity": "none",
    "session_affinity_ttl": None,
    "session_affinity_attributes": {"samesite": "Auto", "secure": "Auto", "drain_duration": 0},
    "adaptive_routing": {"failover_across_pools": False},
    "location_strategy": {"mode": "pop", "prefer_ecs": "proximity"},
    "random_steering": {"default_weight": 1},
    "region_pools": {},
    "country_pools": {},
    "pop_pools": {},
    "rules": [],
    "networks": [],
}
_OWN = ("name", "default_pools", "fallback_pool", *_DEFAULTS)


def create(world: World, ask: Ask) -> Answer:
    """POST /zones/{zone_id}/load_balancers."""
    zone = world.zone(ask.names["zone_id"])
    count = sum(len(one.load_balancers) for one in world.zones.values())
    if world.plan.load_balancers is not None and count >= world.plan.load_balancers:
        raise VendorRefusal(
            400, 1004, f"load balancer limit reached: {world.plan.load_balancers} on {world.plan.label}"
        )
    balancer = _checked(world, zone, ask.body, _DEFAULTS, None)
    balancer = {"id": world.new_id(), "created_on": ask.stamp, "modified_on": ask.stamp, **balancer}
    zone.load_balancers[balancer["id"]] = balancer
    return Answer(balancer)


def list_all(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}/load_balancers."""
    return Answer(list(world.zone(ask.names["zone_id"]).load_balancers.values()))


def get(world: World, ask: Ask) -> Answer:
    """GET /zones/{zone_id}/load_balancers/{load_balancer_id}."""
    return Answer(_found(world.zone(ask.names["zone_id"]), ask))


def update(world: World, ask: Ask) -> Answer:
    """PUT: fields left out get their defaults."""
    return _store(world, ask, _DEFAULTS)


def edit(world: World, ask: Ask) -> Answer:
    """PATCH: fields left out stay."""
    old = _found(world.zone(ask.names["zone_id"]), ask)
    return _store(world, ask, {key: old[key] for key in _OWN})


def delete(world: World, ask: Ask) -> Answer:
    """DELETE /zones/{zone_id}/load_balancers/{load_balancer_id}."""
    zone = world.zone(ask.names["zone_id"])
    balancer = _found(zone, ask)
    del zone.load_balancers[balancer["id"]]
    return Answer({"id": balancer["id"]})


def _store(world: World, ask: Ask, start: Json) -> Answer:
    zone = world.zone(ask.names["zone_id"])
    old = _found(zone, ask)
    fresh = old | _checked(world, zone, ask.body, start, old["id"]) | {"modified_on": ask.stamp}
    zone.load_balancers[old["id"]] = fresh
    return Answer(fresh)


def _found(zone: Zone, ask: Ask) -> Json:
    if ask.names["load_balancer_id"] not in zone.load_balancers:
        raise VendorRefusal(404, 1001, "load balancer not found")
    return zone.load_balancers[ask.names["load_balancer_id"]]


def _checked(world: World, zone: Zone, body: object, start: Json, own_id: str | None) -> Json:
    partial = "name" in start
    given = check_body(body, LoadBalancerCreateParams, LoadBalancerUpdateParams, code=BAD_VALUE, partial=partial)
    balancer = start | given | {"zone_name": zone.name}
    name = balancer["name"] = str(balancer["name"]).lower()
    if name != zone.name and not name.endswith(f".{zone.name}"):
        raise VendorRefusal(400, BAD_VALUE, f"name: {name} is not a host of the zone {zone.name}", pointer="/name")
    if any(row["name"] == name and row["id"] != own_id for row in zone.load_balancers.values()):
        raise VendorRefusal(400, 1003, "value not unique", pointer="/name")
    if not balancer["default_pools"]:
        raise VendorRefusal(400, BAD_VALUE, "default_pools: at least one pool is needed", pointer="/default_pools")
    for pool_id in sorted(named_pools(balancer)):
        if pool_id not in world.pools:
            raise VendorRefusal(400, BAD_VALUE, f"no pool {pool_id}", pointer="/default_pools")
    _check_steering(world, balancer)
    return _with_affinity(balancer)


def _check_steering(world: World, balancer: Json) -> None:
    for region in balancer["region_pools"] or {}:
        if region not in REGIONS:
            raise VendorRefusal(400, BAD_VALUE, f"{region!r} is not a region", pointer="/region_pools")
    if balancer["pop_pools"] and not world.plan.enterprise:
        raise VendorRefusal(
            403, 1135, "not entitled to pop_pools: an Enterprise plan is required", pointer="/pop_pools"
        )
    if balancer["steering_policy"] == "geo" and any(
        "default_pools" in rule.get("overrides", {}) for rule in balancer["rules"]
    ):
        raise VendorRefusal(400, BAD_VALUE, "geo steering cannot be combined with rules that override pools")


def _with_affinity(balancer: Json) -> Json:
    affinity, ttl = balancer["session_affinity"], balancer["session_affinity_ttl"]
    if affinity != "none" and ttl is not None:
        low, high = AFFINITY_SECONDS[affinity]
        if not low <= ttl <= high:
            raise VendorRefusal(
                400, BAD_VALUE, f"session_affinity_ttl: {low} to {high}", pointer="/session_affinity_ttl"
            )
    if balancer["proxied"]:
        return {key: value for key, value in balancer.items() if key != "ttl"} | {"ttl": _DEFAULTS["ttl"]}
    return balancer
