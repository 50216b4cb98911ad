"""A synthetic Saturday with times: the world row, the calendar's jumps, a loss, refusals, and a guests' diary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.rehearsal import world_row
from sandbox.rehearsal.evidence import Evidence, Row
from sandbox.world import FULL, SHORT, World

BEGAN, DESTROYED = 100.0, 200.0
REFUSED = (
    "REFUSED failback on platform: venue:como:2027-06-12 until 2027-06-13T06:00:00+02:00\nnothing was changed\n"
    "next: wait until 2027-06-13T04:00:00Z\n"
)
PREVIEW = 'error: before hook "freeze-update" failed: REFUSED stack-update of edge-como: freeze venue:como:2027-06-12.'
EDGE = {"status": 423, "rule": "venue:como:2027-06-12"}
LOSS = {
    "detection_seconds": 4.0,
    "code": 0,
    "total_seconds": 12.0,
    "steps": {"roles": 0.5, "route": 0.25, "verify": 1.0},
}

ROWS: tuple[tuple[float, str, dict[str, Any]], ...] = (
    (50.0, "clock", {"at": "2027-06-10T07:00:00+00:00"}),
    (120.0, "at-once", {"guests": 1000, "answered": 1000, "seconds": 4.0}),
    (125.0, "command", {"arguments": ["purge", "wedding:como", "--hard", "--yes"], "code": 0, "seconds": 2.0}),
    (130.0, "clock", {"at": "2027-06-11T09:59:55+00:00"}),
    (131.0, "clock", {"at": "2027-06-11T10:00:05+00:00"}),
    (132.0, "traffic", {"side": "after", "edge": EDGE}),
    (133.0, "doors", {"side": "after", "preview": 1, "preview_tail": PREVIEW}),
    (134.0, "command", {"arguments": ["failback", "us-east-1", "--yes"], "code": 10, "seconds": 2.0, "words": REFUSED}),
    (150.0, "clock", {"at": "2027-06-12T14:00:00+00:00"}),
    (153.0, "event", {"name": "region lost: eu-central-1"}),
    (165.0, "command", {"arguments": ["failover", "eu-central-1", "--yes"], "code": 0, "seconds": 8.0}),
    (166.0, "loss", LOSS),
    (180.0, "clock", {"at": "2027-06-13T11:05:00+00:00"}),
    (190.0, "command", {"arguments": ["failback", "eu-central-1", "--yes"], "code": 0, "seconds": 5.0}),
    (195.0, "protected", {"code": 1, "named": True}),
    (210.0, "phase", {"name": "destroy", "seconds": 10.0}),
    (212.0, "phase", {"name": "end", "seconds": 1.0}),
)


def evidence(world: World = FULL, **changed: Mapping[str, Any]) -> Evidence:
    """The rows; `changed` replaces the facts of a kind."""
    rows = [Row("run", "world", 1.0, world_row.facts(world))]
    rows += [Row("test", kind, at, changed.get(kind, facts)) for at, kind, facts in ROWS]
    return Evidence(tuple(rows))


def request(
    at: float,
    pop: str,
    *,
    ms: float = 5.0,
    cache: str = "Hit from cloudfront",
    status: int = 200,
    kind: str = "cacheable",
) -> dict[str, Any]:
    """One line of the guests' diary."""
    return {"monotonic": at, "ms": ms, "pop": pop, "class": kind, "status": status, "cache": cache}


def diary(world: World = FULL) -> list[dict[str, Any]]:
    """A hundred seconds of guests, one page a second in every city, and what went wrong among them."""
    cities = list(dict.fromkeys(pop.code for pop in world.pops))
    rows = [request(BEGAN + second, pop, ms=2.0 + place) for second in range(100) for place, pop in enumerate(cities)]
    rows += [request(BEGAN + 55.5, cities[0], status=504, cache="Error from cloudfront", kind="write")]
    rows += [request(BEGAN + 20.5, cities[0], ms=800.0, cache="Miss from cloudfront")]
    return [*rows, request(DESTROYED + 5, cities[0], status=530, cache="")]


WORLDS = {"full": FULL, "short": SHORT}
