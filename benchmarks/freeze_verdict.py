"""How long one freeze verdict takes, beside the bisection that any calendar would need."""

from __future__ import annotations

import timeit
from bisect import bisect_right
from datetime import UTC, datetime, timedelta

from benchmarks.row import Benchmark, Row
from controlplane.domain import freeze
from controlplane.domain.calendar import Calendar, Provenance, Subject
from controlplane.domain.operation import Operation
from controlplane.domain.scope import wedding
from controlplane.domain.window import Leg, wedding_rules

WEDDINGS = 1000
BAR_MICROSECONDS = 5.0
AT = datetime(2027, 6, 12, 12, 0, tzinfo=UTC)


def measure() -> list[Row]:
    """The best of 40 rounds of 500 verdicts on one of a thousand weddings."""
    calendar = _calendar()
    scope = wedding(f"w{WEDDINGS // 2}")
    starts = sorted(rule.start for subject in calendar.weddings.values() for rule in subject.rules)
    ours = _best(lambda: freeze.verdict(Operation.STACK_UPDATE, scope, AT, calendar))
    floor = _best(lambda: bisect_right(starts, AT))
    row = Row(
        name="freeze-verdict",
        what="one verdict on one wedding",
        ours=round(ours, 3),
        unit="us",
        floor=round(floor, 3),
        ratio=round(ours / floor, 1),
        bar=f"<= {BAR_MICROSECONDS:g} us",
        holds=ours <= BAR_MICROSECONDS,
        conditions=f"{WEDDINGS} weddings, compiled calendar, best of 40 rounds; the floor is one bisection",
    )
    return [row]


def _best(call: object) -> float:
    assert callable(call)
    return min(timeit.repeat(call, number=500, repeat=40)) / 500 * 1e6


def _calendar() -> Calendar:
    made = Provenance(1, "none", "pinned", AT, AT + timedelta(days=30))
    first = datetime(2027, 1, 2, tzinfo=UTC).date()
    subjects = {}
    for number in range(WEDDINGS):
        day = first + timedelta(days=7 * (number % 52))
        leg = Leg((day,), "UTC", UTC)
        subjects[f"w{number}"] = Subject(
            rules=tuple(wedding_rules(f"w{number}", [leg], timedelta(hours=12), timedelta(hours=6)))
        )
    return Calendar(made, subjects)


BENCHMARK = Benchmark("freeze-verdict", measure)
