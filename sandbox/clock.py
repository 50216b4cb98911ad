"""The sandbox's clock: real time plus ONE calendar offset, moved in jumps and never scaled.

Age, TTL, `expires_on`, `aws:CurrentTime` and JavaScript's Date follow it; time-outs and latencies use
`time.monotonic()`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

from sandbox.run import edit_json
from sandbox.watched import WatchedJson


class OffsetClock:
    """Real time plus the offset in `clock.json`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = WatchedJson(path)

    @property
    def offset(self) -> float:
        """Seconds that the calendar is ahead of the machine's clock."""
        return float(self._file.read().get("offset", 0.0))

    def time(self) -> float:
        """Unix seconds of the sandbox's calendar."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """The sandbox's calendar, aware, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def set(self, at: datetime) -> None:
        """Jump so that the calendar shows `at` (aware) now. Raises ValueError for a naive datetime."""
        if at.tzinfo is None:
            raise ValueError("the clock is set to an instant with an offset, for example 2027-06-11T10:00:00Z")
        with edit_json(self._path) as clock:
            clock["offset"] = at.timestamp() - time.time()

    def advance(self, seconds: float) -> None:
        """Jump by `seconds` (negative: back)."""
        with edit_json(self._path) as clock:
            clock["offset"] = float(clock.get("offset", 0.0)) + seconds
