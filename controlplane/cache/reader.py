"""The read path: memory, then the second tier, then the loader; a stale copy where nothing better comes in time."""

from __future__ import annotations

import asyncio
from typing import Any

from controlplane.cache.cap import RefreshCap
from controlplane.cache.entry import Entry, Read, Reason, Status
from controlplane.cache.flight import Flight, Flights
from controlplane.cache.freshness import State, Verdict
from controlplane.cache.judged import JudgedMemory
from controlplane.cache.load import Loader
from controlplane.cache.loading import Loading
from controlplane.cache.parts import Parts, Terms
from controlplane.cache.shared import SharedTier

_MISS: Read[Any] = Read(None, Status.MISS, None, "", 0.0)


class Reader:
    """Answers reads.

    Failures of Redis, log and calendar never reach the caller; the loader's do where no copy may be served.
    """

    def __init__(self, parts: Parts, judged: JudgedMemory) -> None:
        self._settings = parts.settings
        self._monotonic = parts.clock.monotonic
        self._memory = parts.memory
        self._shared = parts.shared
        self._stats = parts.stats
        self._judged = judged
        self._loading = Loading(parts, judged)
        self._fetches: Flights[Entry | None] = Flights()
        self._cap = RefreshCap(parts.settings.refresh_cap)

    async def read(self, key: str, load: Loader[Any] | None, terms: Terms) -> Read[Any]:
        """One read, with a loader or without."""
        entry, verdict = self._judged.look(key)
        if verdict.state is State.STALE and verdict.reason is Reason.BLIND and entry is not None:
            self._refresh_behind(key, load, terms, entry)
            return self._stale(entry, Reason.BLIND)
        if self._shared and self._may_fetch(key, terms, entry, verdict):
            found = await self._fetch(self._shared, key, terms)
            entry, verdict = self._judged.look(key)
            if verdict.state is State.HIT and entry is not None and entry is found:
                self._stats.redis_hits += 1
                return self._answer(entry, Status.HIT, None, "redis")
        if verdict.state is State.HIT and entry is not None:
            self._stats.hits += 1
            return self._answer(entry, Status.HIT, None, "memory")
        copy = entry if verdict.state is State.STALE else None
        if load is None:
            self._stats.misses += 1
            return self._stale(copy, verdict.reason) if copy and verdict.reason else _MISS
        if copy is None:
            return await self._loaded(self._loading.join(key, load, terms, None))
        return await self._better_than(copy, verdict, key, load, terms)

    async def drain(self) -> None:
        """Wait for loads and fetches under way, at most the drain time each."""
        await self._loading.drain()
        await self._fetches.drain(self._settings.drain_timeout)

    def _may_fetch(self, key: str, terms: Terms, entry: Entry | None, verdict: Verdict) -> bool:
        """Whether the second tier is asked: not for a hit, nor while a load is under way or has just failed."""
        if verdict.state is State.HIT or self._loading.joinable(key, terms):
            return False
        return entry is None or verdict.state is not State.STALE or self._monotonic() >= entry.retry_at

    async def _fetch(self, shared: SharedTier, key: str, terms: Terms) -> Entry | None:
        """The second tier's entry, put into memory if it may ever be served; one fetch per key at a time."""
        flight = self._fetches.get(key) or self._fetches.start(key, lambda: self._fetched(shared, key, terms))
        return await asyncio.shield(flight.task)

    async def _fetched(self, shared: SharedTier, key: str, terms: Terms) -> Entry | None:
        entry = await shared.fetch(key, terms.as_type)
        if entry is None or self._judged.judge(key, entry, self._monotonic()).state is State.DEAD:
            return None
        return entry if self._memory.put(key, entry) else None

    async def _better_than(self, copy: Entry, verdict: Verdict, key: str, load: Loader[Any], terms: Terms) -> Read[Any]:
        """A newer value if the loader brings one soon, else the copy and the reason."""
        now = self._monotonic()
        if now < copy.retry_at:
            return self._stale(copy, self._failed(copy))
        if verdict.doubtful and not self._loading.joinable(key, terms) and not self._cap.take(now):
            self._stats.capped += 1
            return self._stale(copy, verdict.reason or Reason.REFRESHING)
        flight = self._loading.join(key, load, terms, copy)
        await asyncio.wait({flight.task}, timeout=self._settings.soft_timeout)
        # A removal may have come while we waited: then the copy is no answer any more.
        may_serve = self._judged.judge(key, copy, self._monotonic()).state in (State.STALE, State.HIT)
        if not flight.task.done() and may_serve:
            return self._stale(copy, Reason.LOAD_SLOW)
        try:
            return await self._loaded(flight)
        except Exception:
            if not may_serve:
                raise
            return self._stale(copy, self._failed(copy))

    def _refresh_behind(self, key: str, load: Loader[Any] | None, terms: Terms, entry: Entry) -> None:
        """Start a load that nobody waits for: once per throttle and key, under the cap."""
        now = self._monotonic()
        if load is None or now < max(entry.refresh_at, entry.retry_at) or self._loading.joinable(key, terms):
            return
        entry.refresh_at = now + self._settings.throttle
        if self._cap.take(now):
            self._loading.join(key, load, terms, entry)
        else:
            self._stats.capped += 1

    async def _loaded(self, flight: Flight[Entry]) -> Read[Any]:
        """Wait for a load; leaving does not end it."""
        entry = await asyncio.shield(flight.task)
        return self._answer(entry, Status.LOADED, None, "loader")

    def _failed(self, copy: Entry) -> Reason:
        """Why a copy is served when its refresh failed."""
        return Reason.SATURDAY if self._judged.in_window(copy.tags) else Reason.LOAD_FAILED

    def _stale(self, entry: Entry, reason: Reason | None) -> Read[Any]:
        self._stats.stale += 1
        return self._answer(entry, Status.STALE, reason, "memory")

    def _answer(self, entry: Entry, status: Status, reason: Reason | None, tier: str) -> Read[Any]:
        return Read(entry.own(), status, reason, tier, max(0.0, self._monotonic() - entry.started))
