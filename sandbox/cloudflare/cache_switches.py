"""Zone switches with their own paths: smart tiered cache, tiered caching, smart routing, regional tiered cache."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.cloudflare.answers import Answer, Json, VendorRefusal
from sandbox.cloudflare.asks import Ask
from sandbox.cloudflare.world import World


@dataclass(frozen=True)
class Switch:
    """One row: the path below the zone, the id in answers, whether it needs Enterprise, whether it can be deleted."""

    path: str
    id: str
    enterprise: bool = False
    deletable: bool = False


SWITCHES: dict[str, Switch] = {
    switch.path: switch
    for switch in (
        Switch("cache/tiered_cache_smart_topology_enable", "tiered_cache_smart_topology_enable", deletable=True),
        Switch("cache/regional_tiered_cache", "tc_regional", enterprise=True),
        Switch("argo/tiered_caching", "tiered_caching"),
        Switch("argo/smart_routing", "smart_routing"),
    )
}


def get(world: World, ask: Ask) -> Answer:
    """GET the switch; it is off until somebody sets it."""
    return Answer(_shown(world, ask))


def edit(world: World, ask: Ask) -> Answer:
    """PATCH (or POST) the switch with `{"value": "on"|"off"}`."""
    switch = SWITCHES[ask.names["switch"]]
    if switch.enterprise and not world.plan.enterprise:
        raise VendorRefusal(403, 1135, f"not entitled to {switch.id}: an Enterprise plan is required")
    if set(ask.fields) != {"value"} or ask.fields["value"] not in ("on", "off"):
        raise VendorRefusal(400, 1007, f"Invalid value for {switch.id}: value is on or off", pointer="/value")
    zone = world.zone(ask.names["zone_id"])
    zone.switches[switch.id] = {"value": ask.fields["value"], "modified_on": ask.stamp}
    return Answer(_shown(world, ask))


def delete(world: World, ask: Ask) -> Answer:
    """DELETE the switch, which turns it off."""
    shown = _shown(world, ask)
    world.zone(ask.names["zone_id"]).switches.pop(shown["id"], None)
    return Answer({key: shown[key] for key in ("id", "editable", "modified_on")})


def _shown(world: World, ask: Ask) -> Json:
    switch = SWITCHES[ask.names["switch"]]
    row = world.zone(ask.names["zone_id"]).switches.get(switch.id, {})
    return {
        "id": switch.id,
        "value": row.get("value", "off"),
        "editable": world.plan.enterprise or not switch.enterprise,
        "modified_on": row.get("modified_on"),
    }
