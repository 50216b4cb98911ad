"""Local days, over every zone of the pinned database."""

from __future__ import annotations

import importlib.resources
import zoneinfo
from collections import Counter
from datetime import UTC, date, timedelta

import pytest

from controlplane.adapters.system import tzdata
from controlplane.domain.event_days import Span, day_span
from tests.domain.local_days import DAY, LocalDays

EPOCH = date(1970, 1, 1)
FIRST, LAST = 2015, 2035
SATURDAYS = [
    day
    for number in range((date(LAST, 12, 31) - date(FIRST, 1, 1)).days + 1)
    if (day := date(FIRST, 1, 1) + timedelta(number)).weekday() == 5
]


def zones_by_rules() -> dict[bytes, list[str]]:
    """Zone names that have the same rules, byte for byte."""
    found: dict[bytes, list[str]] = {}
    folder = importlib.resources.files("tzdata") / "zoneinfo"
    for name in sorted(tzdata.pinned().names):
        found.setdefault((folder / name).read_bytes(), []).append(name)
    return found


def test_every_saturday_of_every_zone() -> None:
    """In every zone each Saturday of 2015-2035 starts at its first instant and ends where Sunday starts."""
    zones, hours = tzdata.pinned(), Counter[float]()
    groups = zones_by_rules()
    assert sum(map(len, groups.values())) == len(zones.names) >= 590
    for names in groups.values():
        rules = zones.zone(names[0])
        oracle = LocalDays(rules, FIRST, LAST)
        for day in SATURDAYS:
            start, end = (int(instant.timestamp()) for instant in day_span(day, rules))
            number = (day - EPOCH).days
            assert (start, end) == oracle.span(number), (names, day)
            assert end == oracle.span(number + 1)[0], (names, day, "a gap or an overlap with Sunday")
            hours[(end - start) / 3600] += len(names)
            if end - start != DAY:
                assert int(day_span(day + timedelta(1), rules).start.timestamp()) == end, (names, day)
    assert set(hours) <= {21.0, 23.0, 23.5, 24.0, 24.5, 25.0, 27.0}
    assert len(SATURDAYS) * len(zones.names) == sum(hours.values())
    assert {21.0, 23.0, 25.0, 27.0} <= set(hours), hours


def test_pinned_names_are_all_that_zoneinfo_knows() -> None:
    """The calendar knows every zone of the database except IANA's placeholder for "none"."""
    tzdata.pinned()
    assert tzdata.pinned().names == zoneinfo.available_timezones() - {"Factory"}


@pytest.mark.parametrize(
    ("zone", "day", "start", "hours"),
    [
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00+00:00", 0),  # skipped: 29th was followed by 31st
        ("Pacific/Kwajalein", date(1993, 8, 21), "1993-08-21T12:00:00+00:00", 0),
        ("America/St_Johns", date(2010, 11, 6), "2010-11-06T02:30:00+00:00", 25),  # 00:01 went back to 23:01
        ("America/Toronto", date(1919, 3, 30), "1919-03-31T04:30:00+00:00", -1),
    ],
)
def test_days_outside_the_calendars_years(zone: str, day: date, start: str, hours: float) -> None:
    """Skipped dates are empty, and a midnight that came back belongs to the day that it interrupts."""
    span = day_span(day, tzdata.pinned().zone(zone))
    if hours < 0:  # the jump from 23:30 to 00:30 on the eve: the 31st starts at 00:30
        assert day_span(day + timedelta(1), tzdata.pinned().zone(zone)).start.isoformat() == start
        return
    assert span.start.isoformat() == start
    assert span.end - span.start == timedelta(hours=hours)
    assert span.is_empty is (hours == 0)


def test_spans_are_in_utc() -> None:
    """Instants come out in UTC, whatever the zone."""
    span = day_span(date(2027, 6, 12), tzdata.pinned().zone("Asia/Kathmandu"))
    assert isinstance(span, Span)
    assert span.start.tzinfo is UTC
    assert span.start.isoformat() == "2027-06-11T18:15:00+00:00"
