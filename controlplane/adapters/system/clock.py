"""The machine's own clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """`Clock` on the machine's real-time and monotonic clocks; `monotonic` is `time.monotonic` itself: no detour."""

    monotonic = staticmethod(time.monotonic)

    def now(self) -> datetime:
        """The machine's calendar time in UTC."""
        return datetime.now(UTC)


def elapsed() -> float:
    """Seconds that also count while the machine sleeps: what a lease is measured with on a laptop whose lid closes.

    Linux' CLOCK_MONOTONIC stands still during suspend (clock_gettime(2)), CLOCK_BOOTTIME does not; elsewhere
    CLOCK_MONOTONIC counts on.
    """
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
