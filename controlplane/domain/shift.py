"""A weekend's shift: until when everything that on-call needs has to last."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

_LAST_ZONE = timedelta(hours=12)
"""Sunday ends last in UTC-12."""
_SUNDAY = 6


def shift_end(now: datetime) -> datetime:
    """The end of the Sunday that is now or comes next, everywhere on earth: Monday 12:00 UTC. `now` is aware."""
    there = (now.astimezone(UTC) - _LAST_ZONE).date()
    sunday = there + timedelta(days=(_SUNDAY - there.weekday()) % 7)
    return datetime.combine(sunday + timedelta(days=1), time(), UTC) + _LAST_ZONE
