"""The weekend's course: when windows began and ended on the calendar as it was moved, and what else is marked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sandbox.rehearsal.course import Course, events, windows
from sandbox.rehearsal.evidence import Evidence, Row
from sandbox.world import SHORT
from tests.sandbox.rehearsal import saturday

AT = datetime(2027, 6, 11, 10, 0, tzinfo=UTC)


def test_the_calendar_jumps_and_runs_on() -> None:
    """It shows what it was set to and the seconds since; before the first jump it shows nothing."""
    course = Course.of(saturday.evidence())
    assert course.at(49.9) is None
    assert course.at(135.0) == AT + timedelta(seconds=9)


@pytest.mark.parametrize(
    ("instant", "seen"),
    [
        (AT, 131.0),
        (AT + timedelta(seconds=7), 133.0),
        (AT - timedelta(seconds=3), 131.0),
        (AT - timedelta(days=9), None),
    ],
    ids=["by a jump", "by running on", "skipped", "before the calendar was set"],
)
def test_an_instant_is_reached_by_a_jump_or_by_waiting(instant: datetime, seen: float | None) -> None:
    """A jump past an instant reaches it at once; one that lies before the first setting was never seen to come."""
    assert Course.of(saturday.evidence()).reached(instant, 999.0) == seen


def test_an_instant_that_lies_ahead_is_not_reached() -> None:
    """The calendar has to have shown it before the record ends."""
    assert Course(((0.0, AT),)).reached(AT + timedelta(seconds=10), until=9.0) is None


def test_the_windows_are_those_of_the_catalogue() -> None:
    """Three weddings in three zones, by their begin, each in UTC and at its venue."""
    found = windows(saturday.evidence())
    assert [window.name for window in found] == ["ubud", "como", "tulum"]
    assert [window.start.hour for window in found] == [4, 10, 17]
    assert {window.local for window in found} == {"2027-06-11 12:00 to 2027-06-13 06:00"}
    assert found[1].holds_at(AT)
    assert not found[1].holds_at(AT - timedelta(seconds=1))


def test_every_event_is_found_in_its_order() -> None:
    """Freezes by the calendar, the loss by its seconds, commands where they ended; refused ones are no events."""
    found = [(event.name, event.monotonic) for event in events(saturday.evidence())]
    assert found == [
        ("1000 guests at once", 116.0),
        ("purge done", 125.0),
        ("freeze begins: ubud", 130.0),
        ("freeze begins: como", 131.0),
        ("freeze begins: tulum", 150.0),
        ("region lost: eu-central-1", 153.0),
        ("failover done", 165.0),
        ("freeze ends: como, tulum, ubud", 180.0),
        ("failback done", 190.0),
    ]


def test_the_short_world_has_its_one_window() -> None:
    """One wedding: its freeze begins and ends once."""
    names = [event.name for event in events(saturday.evidence(SHORT))]
    assert [name for name in names if name.startswith("freeze")] == ["freeze begins: como", "freeze ends: como"]


def test_what_a_phase_tells_is_marked() -> None:
    """An `event` row is marked by its own name, a fault when it struck."""
    fault = Row("loss", "fault", 175.0, {"name": "redis-killed", "healed_in": 3.0})
    told = Evidence((*saturday.evidence().rows, Row("loss", "event", 170.0, {"name": "region wakes"}), fault))
    found = [(event.name, event.monotonic) for event in events(told)]
    assert ("region wakes", 170.0) in found
    assert ("fault: redis-killed", 172.0) in found


def test_without_evidence_there_is_nothing_to_mark() -> None:
    """An empty record has no windows and no events."""
    assert (windows(Evidence(())), events(Evidence(()))) == ((), ())
