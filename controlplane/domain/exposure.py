"""Exposure: how many weddings have an event day at an instant, or touched by a stretch of time. Counted by bisection.

A wedding counts once however many of its days and legs a stretch touches. For that its days are joined before they
are counted: where they overlap when instants are asked for, and where the gap between them is shorter than the stretch
when stretches of one length are (a stretch that touches the joined span then touches a day, as it fits in no gap).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from controlplane.domain.event_days import Span

_NOTHING = timedelta(0)


class Peak(NamedTuple):
    """The first instant at which most weddings are exposed, and how many."""

    at: datetime
    exposed: int


class Exposure:
    """The event days of many weddings, for stretches of one length. Asking costs two bisections."""

    def __init__(self, weddings: Iterable[Sequence[Span]], stretch: timedelta) -> None:
        self._stretch = stretch
        joined: tuple[list[datetime], list[datetime]] = ([], [])
        self._starts, self._ends = [], []  # type: tuple[list[datetime], list[datetime]]
        for days in weddings:
            _join(days, _NOTHING, self._starts, self._ends)
            _join(days, stretch, *joined)
        self._joined_starts, self._joined_ends = joined
        for column in (self._starts, self._ends, *joined):
            column.sort()

    def at(self, at: datetime) -> int:
        """How many weddings have an event day at `at`."""
        return bisect_right(self._starts, at) - bisect_right(self._ends, at)

    def touched_from(self, start: datetime) -> int:
        """How many weddings have an event day that touches the stretch that begins at `start`."""
        return bisect_left(self._joined_starts, start + self._stretch) - bisect_right(self._joined_ends, start)

    def empty_between(self, start: datetime, end: datetime) -> list[Span]:
        """The stretches of `[start, end)` in which no wedding has an event day."""
        begin = slice(bisect_right(self._starts, start), bisect_left(self._starts, end))
        over = slice(bisect_right(self._ends, start), bisect_left(self._ends, end))
        events = sorted([*((at, 1) for at in self._starts[begin]), *((at, -1) for at in self._ends[over])])
        exposed, since, found = self.at(start), start, []
        for at, change in events:
            if exposed == 0 and since < at:
                found.append(Span(since, at))
            exposed, since = exposed + change, at
        return [*found, Span(since, end)] if exposed == 0 and since < end else found

    def peak(self, start: datetime, end: datetime) -> Peak:
        """Where in `[start, end)` most weddings are exposed: at its start, or where an event day begins."""
        first, last = bisect_left(self._starts, start), bisect_left(self._starts, end)
        moments = [start, *dict.fromkeys(self._starts[first:last])]
        best = max(moments, key=self.at)  # the first of equals
        return Peak(best, self.at(best))


def _join(days: Sequence[Span], gap: timedelta, starts: list[datetime], ends: list[datetime]) -> None:
    """Append the spans of one wedding to both columns, joined where they overlap or leave less than `gap`."""
    if len(days) == 1:  # nearly every wedding
        if not days[0].is_empty:
            starts.append(days[0].start)
            ends.append(days[0].end)
        return
    until: datetime | None = None
    for day in sorted(days):
        if day.is_empty:
            continue
        if until is not None and (day.start <= until or day.start - until < gap):
            until = ends[-1] = max(until, day.end)
        else:
            starts.append(day.start)
            ends.append(day.end)
            until = day.end
