"""The clock: the only way to ask what time it is."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Calendar time and elapsed time. Both methods return at once and never raise."""

    def now(self) -> datetime:
        """The calendar instant, aware, in UTC. May jump; never use a difference of two as a duration."""
        ...

    def monotonic(self) -> float:
        """Seconds of real elapsed time since an arbitrary point; never jumps."""
        ...
