"""An event day: a local date at the venue, as the instants between which it lasts.

A local day is not always 24 hours. Clocks go forward over midnight (Beirut: the day starts at 01:00), back over it
(the Azores: two midnights), by half an hour (Lord Howe), by three hours (Casey), or skip a whole date (Apia,
2011-12-30). Rules of ambiguous and missing local times: PEP 495.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

_SECOND = timedelta(seconds=1)
_FIRST_SECOND, _LAST_SECOND = time(0), time(23, 59, 59, fold=1)
_OTHER_READING = {0: time(0, fold=1), 1: time(23, 59, 59)}


class Span(NamedTuple):
    """Half-open `[start, end)`, both aware and in UTC."""

    start: datetime
    end: datetime

    @property
    def is_empty(self) -> bool:
        """True for a date that the zone skipped: it has no instant."""
        return self.start == self.end


def day_span(day: date, zone: tzinfo) -> Span:
    """From the first instant of `day` in `zone` to the first instant after all of it.

    A skipped date gives an empty span at the instant where it would have been.
    """
    return Span(_start(day, zone), _end(day, zone))


def _start(day: date, zone: tzinfo) -> datetime:
    first = datetime.combine(day, _FIRST_SECOND, zone)  # of two midnights the earlier one
    return first.astimezone(UTC) if _exists(first, day, zone) else _jump(first)


def _end(day: date, zone: tzinfo) -> datetime:
    last = datetime.combine(day, _LAST_SECOND, zone)  # of two the later one
    return last.astimezone(UTC) + _SECOND if _exists(last, day, zone) else _jump(last)


def _exists(local: datetime, day: date, zone: tzinfo) -> bool:
    other = datetime.combine(day, _OTHER_READING[local.fold], zone)
    if other.utcoffset() == local.utcoffset():
        return True  # neither in a gap nor twice: nearly always
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)


def _jump(missing: datetime) -> datetime:
    """The instant at which the clock jumped over the local time `missing`.

    PEP 495: in a gap fold 1 reads with the offset after the jump, which gives an instant before it, and fold 0 one at
    or after it; between the two the offset changes once.
    """
    zone = missing.tzinfo
    before = missing.replace(fold=1).astimezone(UTC)
    after = missing.replace(fold=0).astimezone(UTC)
    wanted = after.astimezone(zone).utcoffset()
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == wanted:
            after = middle
        else:
            before = middle
    return after
