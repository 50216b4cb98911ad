"""The Saturday's figures from the logs (pure): hit ratios by tier, answers of each cache, latency by city."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sandbox.guests.habits import PORTAL_HOST
from sandbox.origin.routes import Site, tier_of

FROM_THE_EDGE = frozenset({"hit", "updating", "stale"})
"""What a POP's log says of answers for which no guest waited for an origin."""

Row = Mapping[str, Any]


def tier(row: Row) -> str:
    """The tier of a cacheable request; "" for what no cache may answer."""
    site = Site.PORTAL if row["host"] == PORTAL_HOST else Site.WEDDING
    try:
        return tier_of(site, str(row["path"]).partition("?")[0]).value
    except KeyError:
        return ""


def by_tier(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """Tier -> (answered by the POP, asked), of guests' cacheable requests in POPs' logs."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        if row["method"] == "GET" and tier(row):
            found[tier(row)][0] += row["cache"] in FROM_THE_EDGE
            found[tier(row)][1] += 1
    return {name: (hits, asked) for name, (hits, asked) in found.items()}


def by_cache(pops: Iterable[Row], origins: Iterable[Row]) -> dict[str, int]:
    """How often each cache answered: `edge`, then what the regions' cache clients said (`-`: no cache was asked)."""
    edge = sum(row["cache"] in FROM_THE_EDGE for row in pops if tier(row))
    clients = Counter(str(row["cache"]).partition("/")[0] for row in origins if row["cache"] != "-")
    return {"edge": edge, **{name: clients[name] for name in sorted(clients)}}


def by_city(rows: Iterable[Row]) -> dict[str, dict[str, float]]:
    """City -> requests, mean and p95 in milliseconds as its guests felt them; `all` are all cities together."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        found["all"].append(float(row["ms"]))
        found[str(row["pop"])[:3]].append(float(row["ms"]))
    return {city: _summary(times) for city, times in sorted(found.items())}


def _summary(times: Sequence[float]) -> dict[str, float]:
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return {"requests": len(ordered), "mean": round(statistics.fmean(ordered), 2), "p95": round(p95, 2)}
