"""Slots and exposure: what bisection counts is what one pass over every wedding counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.calendar import Calendar
from controlplane.domain.exposure import Exposure
from controlplane.domain.slots import SLOT, exposure, report, slot_of_week, slots_between, unexposed_between
from tests.domain.calendars import AT, calendar, wedding
from tests.domain.test_calendar_edit import calendars

MONDAY = datetime(2027, 6, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)


def naive(made: Calendar, at: datetime, stretch: timedelta) -> int:
    """One pass over every wedding."""
    return exposure(made, made.weddings, at, at + stretch)


@settings(max_examples=60, deadline=None)
@given(calendars(), st.integers(-48, 400).map(lambda half_hours: MONDAY + half_hours * HOUR / 2))
def test_a_wedding_counts_once(made: Calendar, at: datetime) -> None:
    """At an instant, and over four hours that touch several of its days and legs, each wedding is counted once."""
    counted = made.exposure_in(SLOT)
    assert counted.at(at) == naive(made, at, timedelta(microseconds=1))
    assert counted.touched_from(at) == naive(made, at, SLOT)
    peak = counted.peak(MONDAY, MONDAY + timedelta(days=7))
    assert counted.at(peak.at) == peak.exposed >= max(counted.at(MONDAY + n * HOUR) for n in range(168))


@settings(max_examples=30, deadline=None)
@given(calendars(), st.integers(0, 240).map(lambda hours: MONDAY + hours * HOUR))
def test_unexposed_stretches_are_those_that_nobody_has_a_day_in(made: Calendar, at: datetime) -> None:
    """Every hour ahead is in an unexposed stretch exactly if no event day and no platform-wide window touches it."""
    until = at + timedelta(days=4)
    found = unexposed_between(made, at, until)
    assert all(at <= span.start < span.end <= until for span in found)
    for moment in (at + n * HOUR for n in range(96)):
        is_free = any(span.start <= moment < span.end for span in found)
        is_open = made.platform_only.frozen_until(moment) is None
        assert is_free is (is_open and naive(made, moment, timedelta(microseconds=1)) == 0)


def test_a_skipped_date_exposes_nobody() -> None:
    """An empty span is no event day, alone or beside others."""
    from controlplane.domain.event_days import Span

    empty, day = Span(MONDAY, MONDAY), Span(MONDAY, MONDAY + HOUR)
    assert Exposure([[empty], [empty, empty]], SLOT).at(MONDAY) == 0
    assert Exposure([[empty, day]], SLOT).touched_from(MONDAY) == 1


def test_one_slot_a_week_is_guaranteed() -> None:
    """Two weeks have two slots; a look ahead that ends before the next one names it, unless past validity."""
    days = [f"2027-06-{day:02}" for day in range(5, 29)]
    busy = calendar(wedding("long", days=days), wedding("como"), at=MONDAY)
    found = slots_between(busy, MONDAY, MONDAY + timedelta(days=14))
    assert [(slot.week, slot.exposed) for slot in found] == [("2027-W23", 1), ("2027-W24", 1)]
    assert [slot.span for slot in found] == [slot_of_week(busy, MONDAY + timedelta(days=n)) for n in (0, 7)]
    assert found[0].peak.exposed == 2
    soon = slots_between(busy, AT, AT + HOUR)
    assert [slot.span.start for slot in soon] == [datetime(2027, 6, 14, tzinfo=UTC)]
    short = calendar(wedding("long", days=days), at=AT, valid_for=timedelta(days=1))
    assert slots_between(short, AT, AT + HOUR) == []


def test_the_contract_of_slots() -> None:
    """`wedcache.slots/1`, key by key."""
    made = calendar(wedding(), wedding("tivoli"))
    assert report(made, "platform", AT, AT + timedelta(days=3)) == {
        "schema": "wedcache.slots/1",
        "resource": "platform",
        "at": "2027-06-12T10:00:00Z",
        "until": "2027-06-15T10:00:00Z",
        "weddings": 2,
        "exposed": 2,
        "slots": [
            {
                "week": "2027-W24",
                "start": "2027-06-14T00:00:00Z",
                "end": "2027-06-14T04:00:00Z",
                "exposed": 0,
                "peak": {"at": "2027-06-14T00:00:00Z", "exposed": 0},
            }
        ],
        "unexposed": [{"start": "2027-06-12T22:00:00Z", "end": "2027-06-15T10:00:00Z"}],
        "calendar": {"epoch": 7, "tzdata": "2026.6", "valid_until": "2027-07-12T10:00:00Z"},
    }
