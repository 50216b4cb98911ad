"""How long the slots of two weeks take at 50,000 weddings a year, beside counting each start hour with one pass."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime, timedelta

from benchmarks.row import Benchmark, Row
from controlplane.domain import slots
from controlplane.domain.calendar import Calendar, Provenance, Subject
from controlplane.domain.calendar_json import from_json, to_json
from controlplane.domain.event_days import Span
from controlplane.domain.window import Leg, wedding_rules

WEDDINGS = 50_000
BAR_SECONDS = 2.0
SEED = 20270612
AT = datetime(2027, 6, 7, 12, 0, tzinfo=UTC)
AHEAD = timedelta(days=14)
_WEEKDAYS = (1, 1, 1, 2, 8, 20, 4)  # Monday to Sunday: most weddings are on a Saturday
_MARGINS = timedelta(hours=12), timedelta(hours=6)


def measure() -> list[Row]:
    """A calendar as read from its JSON, asked once; reading it is told beside."""
    text = to_json(_calendar(random.Random(SEED)))
    begun = time.perf_counter()
    calendar = from_json(text)
    reading = time.perf_counter() - begun
    begun = time.perf_counter()
    made = slots.report(calendar, "platform", AT, AT + AHEAD)
    ours = time.perf_counter() - begun
    begun = time.perf_counter()
    naive = [_naive(calendar, slot["start"]) for slot in made["slots"]]
    floor = time.perf_counter() - begun
    assert [slot["exposed"] for slot in made["slots"]] == naive
    begun = time.perf_counter()
    json.loads(text)
    decoding = time.perf_counter() - begun
    row = Row(
        name="freeze-slots",
        what="the slots of two weeks from a compiled calendar",
        ours=round(ours, 2),
        unit="s",
        floor=round(floor, 2),
        ratio=round(ours / floor, 2),
        bar=f"<= {BAR_SECONDS:g} s",
        holds=ours <= BAR_SECONDS,
        conditions=(
            f"{WEDDINGS} weddings a year, {len(made['slots'])} slots exposing {naive}; the floor is one naive pass over"
            f" the weddings for each slot found (a naive search makes 165 a week); reading the calendar's"
            f" {len(text) / 1e6:.0f} MB before it took {reading:.2f} s, of which json.loads alone {decoding:.2f} s"
        ),
    )
    return [row]


def _naive(calendar: Calendar, start: str) -> int:
    begin = datetime.fromisoformat(start)
    return slots.exposure(calendar, calendar.weddings, begin, begin + slots.SLOT)


def _calendar(chance: random.Random) -> Calendar:
    """Weddings over one year by the weekday's share, at whole-hour offsets around the world."""
    made = Provenance(1, "none", "pinned", AT, AT + timedelta(days=30))
    first = datetime(2027, 1, 4, tzinfo=UTC)
    days = [first + timedelta(days=number) for number in range(364)]
    chosen = chance.choices(days, weights=_WEEKDAYS * 52, k=WEDDINGS)
    return Calendar(made, {f"w{number}": _subject(number, day, chance) for number, day in enumerate(chosen)})


def _subject(number: int, day: datetime, chance: random.Random) -> Subject:
    (rule,) = wedding_rules(f"w{number}", [Leg((day.date(),), "UTC", UTC)], *_MARGINS)
    shift = timedelta(hours=chance.randint(-10, 13))
    moved = Span(rule.days[0].start + shift, rule.days[0].end + shift)
    return Subject(
        (type(rule)(**{**vars(rule), "start": rule.start + shift, "end": rule.end + shift, "days": (moved,)}),)
    )


BENCHMARK = Benchmark("freeze-slots", measure)
