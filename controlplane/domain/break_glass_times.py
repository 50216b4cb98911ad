"""Time as the shared store knows it: what a break-glass grant's age is judged by, whatever the laptop's clock says.

Each bucket stamps what it stores and says what time it is: the difference of both is one vendor clock's own, so a
wrong clock of ours cannot make a request look old. Of several answers the least favourable one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

SOLO_AFTER = timedelta(minutes=10)
ALLOWED_SKEW = timedelta(minutes=1)


class Stamp(NamedTuple):
    """One bucket's clock, and when it stored the object that was asked for (None: it does not have it)."""

    now: datetime
    stored_at: datetime | None


def skew(stamps: Sequence[Stamp], now: datetime) -> timedelta:
    """How far `now` is from the bucket's clock that is farthest from it."""
    return max(abs(stamp.now - now) for stamp in stamps)


def latest(stamps: Sequence[Stamp]) -> datetime:
    """The latest of the buckets' clocks: what expiry is judged by."""
    return max(stamp.now for stamp in stamps)


def age(stamps: Sequence[Stamp]) -> timedelta | None:
    """For how long the object has certainly lain there; None where no bucket that answered has it."""
    ages = [stamp.now - stamp.stored_at for stamp in stamps if stamp.stored_at is not None]
    return min(ages, default=None)
