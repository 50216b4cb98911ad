"""The Saturday's figures are counted from the logs' own words."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.rehearsal import figures

WEDDING, PORTAL = "ubud.weddings.example", "app.weddings.example"


def row(path: str, cache: str, host: str = WEDDING, **more: Any) -> dict[str, Any]:
    """One line of a POP's log."""
    return {"host": host, "path": path, "method": "GET", "cache": cache, **more}


ROWS = [
    row("/", "hit"),
    row("/schedule", "miss"),
    row("/photos/3-640.jpg", "updating"),
    row("/search?q=florist", "stale", PORTAL),
    row("/guests?guest=3", "pass"),
    row("/rsvp", "pass", method="POST"),
]


def test_hits_are_counted_by_tier_and_only_what_caches_may_answer() -> None:
    """Stale answers that nobody waited for come from the edge; personal pages and writes are not counted."""
    assert figures.by_tier(ROWS) == {"critical": (1, 2), "low": (1, 1), "medium": (1, 1)}


def test_every_cache_is_counted_by_its_own_words() -> None:
    """The edge by the POPs' log, the regions' clients by the origins'; what asked no cache is left out."""
    origins = [{"cache": one} for one in ("hit", "miss", "stale/refreshing", "-")]
    assert figures.by_cache(ROWS, origins) == {"edge": 3, "hit": 1, "miss": 1, "stale": 1}


def test_latency_is_told_by_city() -> None:
    """A city is the first three letters of either CDN's code; all cities together stand beside them."""
    seen = [{"pop": pop, "ms": ms} for pop, ms in (("SIN2-P1", 10.0), ("SIN", 30.0), ("FRA", 2.0))]
    found = figures.by_city(seen)
    assert found["SIN"] == {"requests": 2, "mean": 20.0, "p95": 30.0}
    assert found["all"]["mean"] == pytest.approx(14.0)
    assert sorted(found) == ["FRA", "SIN", "all"]
