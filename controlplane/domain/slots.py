"""Slots: the four hours of a week in which what all weddings share may change, although some window is always open.

`exposure` counts the weddings that have an event day; with thousands of weddings it is never zero for long, but one
slot a week, the least exposed, is guaranteed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from controlplane.domain.calendar import Calendar
from controlplane.domain.event_days import Span

SLOT = timedelta(hours=4)
_STEP = timedelta(hours=1)
_WEEK = timedelta(days=7)


def exposure(calendar: Calendar, weddings: Iterable[str], start: datetime, end: datetime) -> int:
    """How many of `weddings` have an event day that touches `[start, end)`."""
    return sum(
        any(day.start < end and start < day.end for rule in calendar.weddings[wedding].rules for day in rule.days)
        for wedding in weddings
    )


def slot_of_week(calendar: Calendar, at: datetime) -> Span:
    """The slot of the week (from Monday 00:00 UTC) that holds `at`: its least exposed four hours, the first of equals.

    It starts on the hour. What is exposed is counted over every wedding of the calendar, and no slot lies in a
    platform-wide window unless the whole week does.
    """
    monday = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    monday -= timedelta(days=monday.weekday())
    if monday not in calendar.slots:
        calendar.slots[monday] = _least_exposed(calendar, monday)
    return calendar.slots[monday]


def _least_exposed(calendar: Calendar, monday: datetime) -> Span:
    touched = [
        wedding
        for wedding, subject in calendar.weddings.items()
        if any(rule.start < monday + _WEEK and monday < rule.end for rule in subject.rules)
    ]

    def cost(start: datetime) -> tuple[bool, int]:
        end = start + SLOT
        closed = any(rule.start < end and start < rule.end for rule in calendar.platform)
        return closed, exposure(calendar, touched, start, end)

    starts = [monday + _STEP * hours for hours in range((_WEEK - SLOT) // _STEP + 1)]
    best = min(starts, key=cost)
    return Span(best, best + SLOT)


def next_slot(calendar: Calendar, at: datetime, lasts: timedelta) -> Span:
    """The slot in which something that lasts `lasts` still fits from `at` on: this week's, or the next week's."""
    slot = slot_of_week(calendar, at)
    return slot if max(at, slot.start) + lasts <= slot.end else slot_of_week(calendar, at + _WEEK)
