"""The edge snapshot: what a POP learns of the account, as plain JSON, and who has applied which state."""

from __future__ import annotations

from sandbox.cloudflare import zone_settings
from sandbox.cloudflare.answers import Json
from sandbox.cloudflare.health import origin_flags
from sandbox.cloudflare.world import World, Zone


def snapshot(world: World, after: int, stamp: str) -> Json:
    """The whole declared state at `world.seq`, with the purges after `after`. `stamp` is the calendar's time."""
    return {
        "seq": world.seq,
        "zones": [_zone(zone, stamp) for zone in world.zones.values()],
        "pools": {
            pool_id: pool | {"health": origin_flags(pool, world.health.get(pool_id, {}))}
            for pool_id, pool in world.pools.items()
        },
        "monitors": dict(world.monitors),
        "purges": [purge for purge in world.purges if purge["seq"] > after],
    }


def _zone(zone: Zone, stamp: str) -> Json:
    switches = {switch_id: row["value"] for switch_id, row in zone.switches.items()}
    return {
        "id": zone.row["id"],
        "name": zone.name,
        "status": zone.row["status"],
        "paused": zone.row["paused"],
        "plan": zone.row["plan"]["legacy_id"],
        "settings": zone_settings.values(zone, stamp) | switches,
        "rulesets": {ruleset["phase"]: ruleset for ruleset in zone.rulesets.values()},
        "dns": list(zone.records.values()),
        "load_balancers": list(zone.load_balancers.values()),
    }


def acknowledge(world: World, pop: str, seq: int) -> None:
    """Note that a POP has applied the state up to `seq`; an older ack never takes a newer one back."""
    world.acks[pop] = max(seq, world.acks.get(pop, 0))
