"""Slots: the four hours of a week in which what all weddings share may change, although some window is always open.

`exposure` counts the weddings that have an event day; with thousands of weddings it is never zero for long, but one
slot a week, the least exposed, is guaranteed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from controlplane.domain.calendar import Calendar
from controlplane.domain.event_days import Span
from controlplane.domain.exposure import Exposure, Peak
from controlplane.domain.instant import zulu

SCHEMA = "wedcache.slots/1"
SLOT = timedelta(hours=4)
_STEP = timedelta(hours=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Slot:
    """The slot of one week. `exposed`: weddings with an event day in it; `peak`: the most at once in the whole week."""

    week: str
    span: Span
    exposed: int
    peak: Peak


def exposure(calendar: Calendar, weddings: Iterable[str], start: datetime, end: datetime) -> int:
    """How many of `weddings` have an event day that touches `[start, end)`. One pass over all of them."""
    return sum(
        any(day.start < end and start < day.end for rule in calendar.weddings[wedding].rules for day in rule.days)
        for wedding in weddings
    )


def slot_of_week(calendar: Calendar, at: datetime) -> Span:
    """The slot of the week (from Monday 00:00 UTC) that holds `at`: its least exposed four hours, the first of equals.

    It starts on the hour. What is exposed is counted over every wedding of the calendar, and no slot lies in a
    platform-wide window unless the whole week does.
    """
    monday = _monday(at)
    if monday not in calendar.slots:
        calendar.slots[monday] = _least_exposed(calendar, monday)
    return calendar.slots[monday]


def next_slot(calendar: Calendar, at: datetime, lasts: timedelta) -> Span:
    """The slot in which something that lasts `lasts` still fits from `at` on: this week's, or the next week's."""
    slot = slot_of_week(calendar, at)
    return slot if max(at, slot.start) + lasts <= slot.end else slot_of_week(calendar, at + _WEEK)


def slots_between(calendar: Calendar, at: datetime, until: datetime) -> list[Slot]:
    """The slots that end after `at` and start before `until`, one a week, by start; the next one where there is none.

    Nothing is told of what begins when the calendar is no longer valid.
    """
    found: list[Slot] = []
    monday = _monday(at)
    while monday < until or not found:
        span = slot_of_week(calendar, monday)
        if span.start >= calendar.made.valid_until:
            break
        if at < span.end and (span.start < until or not found):
            found.append(_slot(calendar, monday, span))
        monday += _WEEK
    return found


def _slot(calendar: Calendar, monday: datetime, span: Span) -> Slot:
    counted = counted_exposure(calendar)
    year, week, _ = monday.isocalendar()
    return Slot(f"{year}-W{week:02}", span, counted.touched_from(span.start), counted.peak(monday, monday + _WEEK))


def counted_exposure(calendar: Calendar) -> Exposure:
    """The event days of every wedding of `calendar`, arranged for slots; made once for a calendar."""
    return calendar.exposure_in(SLOT)


def report(calendar: Calendar, resource: str, at: datetime, until: datetime) -> dict[str, Any]:
    """`wedcache.slots/1`: when the shared `resource` may change in `[at, until)`, and how many weddings it serves."""
    made = calendar.made
    return {
        "schema": SCHEMA,
        "resource": resource,
        "at": zulu(at),
        "until": zulu(until),
        "weddings": len(calendar.weddings),
        "exposed": counted_exposure(calendar).at(at),
        "slots": [
            {
                "week": slot.week,
                "start": zulu(slot.span.start),
                "end": zulu(slot.span.end),
                "exposed": slot.exposed,
                "peak": {"at": zulu(slot.peak.at), "exposed": slot.peak.exposed},
            }
            for slot in slots_between(calendar, at, until)
        ],
        "unexposed": [
            {"start": zulu(span.start), "end": zulu(span.end)} for span in unexposed_between(calendar, at, until)
        ],
        "calendar": {"epoch": made.epoch, "tzdata": made.tzdata, "valid_until": zulu(made.valid_until)},
    }


def unexposed_between(calendar: Calendar, at: datetime, until: datetime) -> list[Span]:
    """The stretches of `[at, until)` in which no wedding has an event day and no platform-wide window holds."""
    closed = [Span(rule.start, rule.end) for rule in calendar.platform]
    return [
        left
        for span in counted_exposure(calendar).empty_between(at, until)
        for left in Exposure([closed], SLOT).empty_between(*span)
    ]


def _monday(at: datetime) -> datetime:
    midnight = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday())


def _least_exposed(calendar: Calendar, monday: datetime) -> Span:
    counted = counted_exposure(calendar)

    def cost(start: datetime) -> tuple[bool, int]:
        closed = any(rule.start < start + SLOT and start < rule.end for rule in calendar.platform)
        return closed, counted.touched_from(start)

    starts = [monday + _STEP * hours for hours in range((_WEEK - SLOT) // _STEP + 1)]
    best = min(starts, key=cost)
    return Span(best, best + SLOT)
