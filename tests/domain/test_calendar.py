"""The compiled calendar: its JSON, the edge's pairs, windows of several days and legs, slots."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from controlplane.domain.calendar import Calendar, Timeline
from controlplane.domain.calendar_json import CalendarUnreadable, from_json, to_json
from controlplane.domain.edge_pairs import MOST_BYTES, edge_pairs, edge_value
from controlplane.domain.slots import exposure, next_slot, slot_of_week
from tests.domain.calendars import AT, COMO_END, COMO_START, calendar, wedding
from tests.domain.test_calendar_edit import calendars

HOST = "como.weddings.example"


@settings(max_examples=50, deadline=None)
@given(calendars())
def test_json_round_trip(made: Calendar) -> None:
    """What is written is read back equal, and written again it is the same text."""
    text = to_json(made)
    assert from_json(text) == made
    assert to_json(from_json(text.encode())) == text
    assert next(iter(json.loads(text))) == "schema"


def test_a_broken_calendar_is_unreadable() -> None:
    """Every cut and each wrong part is an error, never a calendar with fewer windows."""
    text = to_json(calendar())
    for end in range(0, len(text), 7):
        with pytest.raises(CalendarUnreadable):
            from_json(text[:end])
    whole = json.loads(text)
    wrong: list[dict[str, Any]] = [
        {"schema": "wedcache.calendar/2"},
        {"epoch": "7"},
        {"epoch": True},
        {"valid_until": "2027-07-12T10:00:00"},
        {"weddings": []},
        {"weddings": {"como": {}}},
        {"tzdata": ""},
        {"tzdata_source": "guessed"},
        {"platform": None},
    ]
    for change in wrong:
        with pytest.raises(CalendarUnreadable):
            from_json(json.dumps({**whole, **change}))
    rule = whole["weddings"]["como"]["rules"][0]
    for key, value in {
        "start": rule["end"],
        "end": "never",
        "lead": "x",
        "local_end": "2027-06-13",
        "days": {},
    }.items():
        bad = json.loads(text)
        bad["weddings"]["como"]["rules"][0][key] = value
        with pytest.raises(CalendarUnreadable):
            from_json(json.dumps(bad))
    for text in ("null", "[]", "\x00", "[" * 100_000, '{"schema": 1}'):
        with pytest.raises(CalendarUnreadable):
            from_json(text)


def test_edge_pairs() -> None:
    """The edge gets unix seconds and rule ids of windows that are not over, platform windows too, nearest first."""
    made = calendar(wedding(days=["2027-06-12", "2027-09-04"]), windows=[{"dates": ["2027-07-01"], "zone": "UTC"}])
    pairs = edge_pairs(made, HOST)
    assert [pair[2] for pair in pairs] == ["venue:como:2027-06-12", "platform:2027-07-01", "venue:como:2027-09-04"]
    assert pairs[0][:2] == (int(COMO_START.timestamp()), int(COMO_END.timestamp()))
    assert json.loads(edge_value(pairs)) == [list(pair) for pair in pairs]
    assert len(edge_pairs(made, HOST, COMO_END - timedelta(microseconds=1))) == 3
    assert len(edge_pairs(made, HOST, COMO_END)) == 2
    assert [pair[2] for pair in edge_pairs(made, "other.weddings.example")] == ["platform:2027-07-01"]


def test_edge_value_fits_the_store() -> None:
    """Of many windows only the nearest are sent, as many as one kilobyte holds."""
    days = [str(datetime(2027, 6, 1, tzinfo=UTC).date() + timedelta(days=3 * n)) for n in range(80)]
    made = calendar(wedding(days=days), at=datetime(2027, 5, 1, tzinfo=UTC))
    pairs = edge_pairs(made, HOST)
    assert [pair[2] for pair in pairs] == [f"venue:como:{day}" for day in days[: len(pairs)]]
    assert MOST_BYTES - 60 < len(edge_value(pairs).encode()) <= MOST_BYTES


def test_gaps_between_legs_are_closed() -> None:
    """Less than six hours between the windows of two legs are closed by the earlier rule; six hours are not."""
    rome = {"lat": 45.97, "lon": 9.17, "zone": "Europe/Rome"}
    for lag, closed in (("6h", False), ("361m", True), ("7h", True)):
        legs = [{"days": ["2027-06-14"], "venue": rome}]
        first, second = calendar(wedding(legs=legs, lag=lag)).weddings["como"].rules
        assert (first.end == second.start) is closed, lag
        assert [first.id, second.id] == ["venue:como:2027-06-12", "venue:como:2027-06-14"]
        assert first.local_end == ("2027-06-13T12:00:00+02:00" if closed else "2027-06-13T06:00:00+02:00")


def test_a_gap_is_closed_by_the_leg_that_ends_last() -> None:
    """A short leg inside a long one neither hides a gap after the long one nor is drawn out itself."""
    rome = {"lat": 45.97, "lon": 9.17, "zone": "Europe/Rome"}
    long = ["2027-06-12", "2027-06-13", "2027-06-14"]
    legs = [{"days": ["2027-06-12"], "venue": rome}, {"days": ["2027-06-16"], "venue": rome}]
    inner, outer, last = sorted(
        calendar(wedding(days=long, legs=legs, lag="7h")).weddings["como"].rules, key=lambda rule: rule.end
    )
    assert inner.end == COMO_END + timedelta(hours=1)
    assert outer.end == last.start == datetime(2027, 6, 15, 10, tzinfo=UTC)


def test_margins_come_from_the_wedding_then_its_priority() -> None:
    """A wedding's own lead and lag count first, then its priority's, then 12 h and 6 h."""
    defaults = {"medium": {"lead": "1d", "lag": "90m"}}
    made = calendar(
        wedding("own", priority="medium", lead="0h"),
        wedding("priority", priority="medium"),
        wedding("plain", priority="low"),
        defaults=defaults,
    )
    hours = {name: [(r.lead, r.lag) for r in known.rules] for name, known in made.weddings.items()}
    hour = timedelta(hours=1)
    assert hours == {
        "own": [(0 * hour, 1.5 * hour)],
        "priority": [(24 * hour, 1.5 * hour)],
        "plain": [(12 * hour, 6 * hour)],
    }


def test_an_empty_timeline_is_open() -> None:
    """Without windows nothing holds, nothing starts and everything fits."""
    empty = Timeline(())
    assert (empty.frozen_until(AT), empty.next_start(AT), empty.next_exposure_change(AT)) == (None, None, None)
    assert (empty.holding(AT), empty.free_from(AT, timedelta(days=9))) == ((), AT)
    assert not empty.exposed_between(AT, AT + timedelta(days=9))


def test_a_slot_is_the_least_exposed_four_hours() -> None:
    """No four hours of the week expose fewer weddings than the slot, and platform windows are avoided."""
    days = [f"2027-06-{day:02}" for day in range(6, 15)]
    weddings = [wedding("long", days=days), wedding("como"), wedding("tivoli", days=["2027-06-07", "2027-06-08"])]
    made = calendar(
        *weddings, windows=[{"id": "cutover", "start": "2027-06-09T00:00:00Z", "end": "2027-06-10T00:00:00Z"}]
    )
    slot = slot_of_week(made, AT)
    monday = datetime(2027, 6, 7, tzinfo=UTC)
    found = {
        start: exposure(made, made.weddings, start, start + timedelta(hours=4))
        for start in (monday + timedelta(hours=n) for n in range(165))
    }
    assert found[slot.start] == min(found.values()) == 1
    assert slot.start == datetime(2027, 6, 10, tzinfo=UTC)
    assert slot_of_week(made, monday) == slot_of_week(made, monday + timedelta(days=7, microseconds=-1)) == slot
    assert next_slot(made, slot.start, timedelta(hours=4)) == slot
    assert next_slot(made, slot.start, timedelta(hours=5)).start > monday + timedelta(days=7)
