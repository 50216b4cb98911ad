"""Clocks that move only when told, for one thread or for an event loop's threads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2027, 6, 1, 9, 0, tzinfo=UTC)


@dataclass
class FakeClock:
    """`Clock`; `pause` is what a waiting operation calls instead of sleeping."""

    at: datetime = START
    elapsed: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.elapsed

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)
        self.elapsed += seconds
