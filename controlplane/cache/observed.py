"""A cache seen from outside: its numbers at one moment, for whoever watches it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from controlplane.cache.client import Cache


@dataclass(frozen=True, slots=True)
class Observed:
    """`counters` only grow (see `Stats`). `gauges`: entries and bytes in memory, 1 while the purge log is heard, and
    for how many seconds it was not (left out before the first time).
    """

    namespace: str
    counters: Mapping[str, int]
    gauges: Mapping[str, float]


class Watch:
    """Reads one cache's plain integers, from any thread; give it to `CacheCollector`."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def observe(self) -> Observed:
        """The cache now."""
        cache, engine = self._cache, self._cache._engine  # the package's own; it changes at a fork
        memory, blind_for = engine.memory, engine.follower.blind_for(engine.ports.clock.monotonic())
        gauges = {"entries": float(len(memory)), "bytes": float(memory.bytes), "log_heard": float(cache.sees_log)}
        if math.isfinite(blind_for):
            gauges["log_silence_seconds"] = max(0.0, blind_for)
        return Observed(cache.settings.namespace, cache.stats.as_dict(), gauges)
