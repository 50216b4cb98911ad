"""Stamps of one writer: a hybrid logical clock, never behind what it has seen, never twice the same."""

from __future__ import annotations

from controlplane.domain.record import Stamp


class HybridClock:
    """Gives stamps to one writer. Time is an argument: microseconds of the writer's own calendar, which may step."""

    def __init__(self, region: str, writer: str) -> None:
        self._region = region
        self._writer = writer
        self._last = 0

    def tick(self, now: int) -> Stamp:
        """A stamp above all that this clock has given or seen."""
        self._last = max(now, self._last + 1)
        return Stamp(self._last, self._region, self._writer)

    def observe(self, stamp: Stamp) -> None:
        """Have seen `stamp`: the next one is above it."""
        self._last = max(self._last, stamp.hlc)
