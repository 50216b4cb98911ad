"""Where a host's guests go now: the name, the CDN, the region, and what else stands in between. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Known:
    """What is known of one host. None: nobody could be asked.

    `names` are the zone's records as `TYPE content`, `balanced` the load balancer's regions in order, `pools` region ->
    (enabled, healthy), `keys` the edge store; `seen` maps a POP to the region that answered it, or to the trouble.
    """

    host: str
    edge: str
    wedding: str | None
    delivery: str | None
    distribution: str | None
    target: str | None
    names: tuple[str, ...] | None
    balanced: tuple[str, ...] | None
    pools: Mapping[str, tuple[bool, bool | None]] | None
    keys: Mapping[str, str] | None
    seen: Mapping[str, str]


def told(known: Known, origins: Mapping[str, str], home: str, drained: Sequence[str]) -> dict[str, Any]:
    """The route as an object. `origins` maps region -> origin host; `home` is the region roles' home."""
    region, why = _region(known, origins, home)
    return {
        "host": known.host,
        "wedding": known.wedding,
        "cdn": known.edge,
        "delivery": known.delivery,
        "distribution": known.distribution,
        "dns": None if known.names is None else list(known.names),
        "dns_fits": _fits(known),
        "region": region,
        "because": why,
        "drained": [name for name in drained if name in origins],
        "denied": (known.keys or {}).get(f"deny:{known.host}", "").split(),
        "seen": dict(known.seen),
        "agrees": all(one == region for one in known.seen.values()) if known.seen and region else None,
    }


def lines(row: Mapping[str, Any]) -> list[str]:
    """A route for people."""
    names = "unknown" if row["dns"] is None else ", ".join(row["dns"]) or "no record in the zone"
    wrong = "" if row["dns_fits"] in (True, None) else "  NOT where its CDN is"
    who = f" ({row['delivery']} {row['distribution']})" if row["distribution"] else ""
    shown = [
        f"{row['host']}",
        f"  dns     {names}{wrong}",
        f"  cdn     {row['cdn']}{who}",
        f"  region  {row['region'] or 'unknown'}: {row['because']}",
    ]
    shown += [f"  drained {', '.join(row['drained'])}"] if row["drained"] else []
    shown += [f"  denied  {' '.join(row['denied'])}: taken down"] if row["denied"] else []
    shown += [f"  seen    {pop}: {who}" for pop, who in row["seen"].items()]
    return shown


def _region(known: Known, origins: Mapping[str, str], home: str) -> tuple[str | None, str]:
    if known.edge == "cloudflare":
        return _of_pools(known)
    if known.keys is None:
        return None, "the edge store does not answer"
    route = known.keys.get("route")
    if route is not None:
        found = next((region for region, origin in origins.items() if origin == route), None)
        return found, f"the edge store's route says {route}"
    if known.delivery == "tenant":
        return None, "the tenant's own home; the edge store has no route"
    return home, "the distribution's own home; the edge store has no route"


def _of_pools(known: Known) -> tuple[str | None, str]:
    if known.pools is None or known.balanced is None:
        return None, "Cloudflare does not answer"
    for region in known.balanced:
        enabled, healthy = known.pools.get(region, (False, None))
        if enabled and healthy is not False:
            return region, "the first pool that is enabled and not found unhealthy"
    return None, "no pool is enabled and healthy"


def _fits(known: Known) -> bool | None:
    """Whether the name leads to the CDN that serves the host; None where that is unknown."""
    if known.edge == "cloudflare":
        return None if known.balanced is None else bool(known.balanced)
    if known.names is None:
        return None
    return known.target is not None and any(name.endswith(f" {known.target}") for name in known.names)
