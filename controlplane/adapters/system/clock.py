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
