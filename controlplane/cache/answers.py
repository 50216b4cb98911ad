"""Answers: how a read came about, counted and told."""

from __future__ import annotations

from typing import Any

from controlplane.cache.entry import Entry, Read, Reason, Status
from controlplane.cache.judged import JudgedMemory
from controlplane.cache.loading import Landing
from controlplane.cache.parts import Parts

_MISS: Read[Any] = Read(None, Status.MISS, None, "", 0.0)


class Answers:
    """Makes the `Read` of each end that a read can have."""

    def __init__(self, parts: Parts, judged: JudgedMemory) -> None:
        self._monotonic = parts.clock.monotonic
        self._stats = parts.stats
        self._hooks = parts.hooks
        self._judged = judged

    def hit(self, entry: Entry) -> Read[Any]:
        """A hit of memory."""
        self._stats.hits += 1
        return self._read(entry, Status.HIT, None, "memory")

    def landed(self, landing: Landing, *, collapsed: bool = False) -> Read[Any]:
        """What a flight brought; `collapsed`: another caller had begun it."""
        if landing.tier != "loader":
            self._stats.redis_hits += landing.tier == "redis"
            return self._read(landing.entry, Status.HIT, None, landing.tier)
        entry = landing.entry
        age = max(0.0, self._monotonic() - entry.started)
        return Read(entry.own(), Status.LOADED, None, landing.tier, age, entry, landing.stored, collapsed)

    def stale(self, key: str, entry: Entry, reason: Reason) -> Read[Any]:
        """A copy, and why."""
        self._stats.stale += 1
        self._hooks.stale(key, reason)
        return self._read(entry, Status.STALE, reason, "memory")

    def miss(self) -> Read[Any]:
        """Nothing, and nobody to load it."""
        self._stats.misses += 1
        return _MISS

    def failed(self, copy: Entry) -> Reason:
        """Why a copy is served when its refresh failed."""
        return Reason.SATURDAY if self._judged.in_window(copy.tags) else Reason.LOAD_FAILED

    def _read(self, entry: Entry, status: Status, reason: Reason | None, tier: str) -> Read[Any]:
        return Read(entry.own(), status, reason, tier, max(0.0, self._monotonic() - entry.started), entry)
