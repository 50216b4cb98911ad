"""The read path: memory, then the second tier, then the loader; a stale copy where nothing better comes in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from controlplane.cache.cap import RefreshCap
from controlplane.cache.entry import Entry, Read, Reason, Status
from controlplane.cache.flight import Flight
from controlplane.cache.freshness import State, Verdict
from controlplane.cache.judged import NOTHING, JudgedMemory
from controlplane.cache.load import Loader
from controlplane.cache.loading import Landing, Loading
from controlplane.cache.parts import Parts, Terms
from controlplane.cache.shedding import sheds
from controlplane.domain.tier import Tier

_MISS: Read[Any] = Read(None, Status.MISS, None, "", 0.0)


@dataclass(frozen=True, slots=True)
class Begun:
    """A read that waits for a flight (`collapsed`: somebody else's), with the copy that may be served instead."""

    key: str
    load: Loader[Any]
    terms: Terms
    flight: Flight[Landing]
    copy: Entry | None
    collapsed: bool


class Reader:
    """Answers reads.

    Failures of Redis, log and calendar never reach the caller; the loader's do where no copy may be served.
    """

    def __init__(self, parts: Parts, judged: JudgedMemory, loading: Loading) -> None:
        self._monotonic = parts.clock.monotonic
        self._stats = parts.stats
        self._hooks = parts.hooks
        self._judged = judged
        self._loading = loading
        self._cap = RefreshCap(parts.settings.refresh_cap)
        self._shared = parts.shared
        self._most_waiting = parts.settings.max_reads_waiting

    async def read(self, key: str, load: Loader[Any] | None, terms: Terms, *, fetch: bool = True) -> Read[Any]:
        """One read, with a loader or without; `fetch`: the second tier was not asked yet."""
        entry, verdict = self._look(key, terms)
        if load is None:
            return await self._without_loader(key, terms, entry, verdict)
        if fetch and entry is not None and await self._asks_again(key, terms, entry, verdict):
            entry, verdict = self._look(key, terms)
        begun = self._begin(key, load, terms, entry, verdict, fetch=fetch)
        return begun if isinstance(begun, Read) else await self.finish(begun)

    def begin(self, key: str, load: Loader[Any], terms: Terms) -> Read[Any] | Begun:
        """Answer at once, or start (or join) the flight to wait for."""
        entry, verdict = self._look(key, terms)
        return self._begin(key, load, terms, entry, verdict, fetch=True)

    async def finish(self, begun: Begun | Read[Any]) -> Read[Any]:
        """A newer value if the flight brings one soon, else the copy and the reason."""
        while isinstance(begun, Begun):
            if begun.copy is not None:
                return await self._better_than(begun.copy, begun)
            landing = await begun.flight.result()
            if landing.answers:
                return self._landed(landing, collapsed=begun.collapsed)
            verdict = self._judged.judge(begun.key, landing.entry, self._monotonic())
            begun = self._begin(begun.key, begun.load, begun.terms, landing.entry, verdict, fetch=False)
        return begun

    def _look(self, key: str, terms: Terms) -> tuple[Entry | None, Verdict]:
        """What memory has, if this call may ask it."""
        return self._judged.look(key) if terms.policy.uses_memory else (None, NOTHING)

    def _begin(
        self, key: str, load: Loader[Any], terms: Terms, entry: Entry | None, verdict: Verdict, *, fetch: bool
    ) -> Read[Any] | Begun:
        """Decide, without waiting."""
        if entry is not None:
            if verdict.state is State.HIT:
                return self._hit(key, load, terms, entry)
            if verdict.state is State.STALE:
                return self._old(key, load, terms, entry, verdict, fetch=fetch)
        previous = entry if verdict.state is State.KEPT else None
        known = self._loading.joinable(key, terms)
        flight = self._loading.join(key, load, terms, previous, bare=True, fetch=fetch)
        return Begun(key, load, terms, flight, None, flight is known)

    def _hit(self, key: str, load: Loader[Any], terms: Terms, entry: Entry) -> Read[Any]:
        """A hit; the first one after memory's own time begins the refresh ahead."""
        now = self._monotonic()
        if now >= entry.fresh_until:
            entry.fresh_until = min(entry.started + entry.fresh, now + terms.policy.memory)
            if terms.policy.refresh_ahead is not None:
                self._refresh_behind(key, load, terms, entry, capped=False)
        self._stats.hits += 1
        return self._answer(entry, Status.HIT, None, "memory")

    def _old(
        self, key: str, load: Loader[Any], terms: Terms, copy: Entry, verdict: Verdict, *, fetch: bool
    ) -> Read[Any] | Begun:
        """A copy that may be served: now, or if nothing better comes in time."""
        if verdict.reason is Reason.BLIND:
            self._refresh_behind(key, load, terms, copy, capped=True)
            return self._stale(key, copy, Reason.BLIND)
        now = self._monotonic()
        if now < copy.retry_at:
            return self._stale(key, copy, self._failed(copy))
        if terms.policy.refresh_ahead is not None:
            self._refresh_behind(key, load, terms, copy, capped=verdict.doubtful)
            return self._stale(key, copy, verdict.reason or Reason.REFRESHING)
        if self._is_shed(terms.policy.tier):
            return self._stale(key, copy, verdict.reason or Reason.REFRESHING)
        known = self._loading.joinable(key, terms)
        if verdict.doubtful and known is None and not self._cap.take(now):
            self._stats.capped += 1
            return self._stale(key, copy, verdict.reason or Reason.REFRESHING)
        flight = self._loading.join(key, load, terms, copy, bare=False, fetch=fetch)
        return Begun(key, load, terms, flight, copy, flight is known)

    async def _better_than(self, copy: Entry, begun: Begun) -> Read[Any]:
        """Wait for the soft time-out; serve the copy if the flight is late or fails, and the copy is still allowed."""
        key, flight = begun.key, begun.flight
        landed = await flight.lands_within(begun.terms.policy.soft_timeout)
        # A removal may have come while we waited: then the copy is no answer any more.
        may_serve = self._judged.judge(key, copy, self._monotonic()).state in (State.STALE, State.HIT)
        if not landed and may_serve:
            return self._stale(key, copy, Reason.LOAD_SLOW)
        try:
            landing = await flight.result()
        except Exception:
            if not may_serve:
                raise
            return self._stale(key, copy, self._failed(copy))
        if landing.answers:
            return self._landed(landing, collapsed=begun.collapsed)
        verdict = self._judged.judge(key, landing.entry, self._monotonic())
        return await self.finish(self._begin(key, begun.load, begun.terms, landing.entry, verdict, fetch=False))

    async def _without_loader(self, key: str, terms: Terms, entry: Entry | None, verdict: Verdict) -> Read[Any]:
        """Memory and the second tier only."""
        if verdict.state is not State.HIT and verdict.reason is not Reason.BLIND:
            found = await self._loading.fetch(key, terms)
            if found is not None and (entry is None or found.is_newer_than(entry) or verdict.state is State.DEAD):
                verdict = self._judged.judge(key, found, self._monotonic())
                if verdict.state is State.HIT:
                    return self._landed(Landing(found, "redis"))
                entry = found
            elif entry is not None:
                verdict = self._judged.judge(key, entry, self._monotonic())
        if entry is not None and verdict.state is State.HIT:
            self._stats.hits += 1
            return self._answer(entry, Status.HIT, None, "memory")
        if entry is not None and verdict.state is State.STALE and verdict.reason is not None:
            return self._stale(key, entry, verdict.reason)
        self._stats.misses += 1
        return _MISS

    async def _asks_again(self, key: str, terms: Terms, entry: Entry, verdict: Verdict) -> bool:
        """Look into the second tier once more: memory's own duration is over, or the log may have lost a purge."""
        now = self._monotonic()
        if verdict.state is State.HIT:
            if now < entry.fresh_until or math.isinf(terms.policy.memory):
                return False
            entry.fresh_until = min(entry.started + entry.fresh, now + terms.policy.memory)
        elif not verdict.doubtful or verdict.reason is Reason.BLIND or now < entry.retry_at:
            return False
        await self._loading.fetch(key, terms)
        return True

    def _refresh_behind(self, key: str, load: Loader[Any], terms: Terms, entry: Entry, *, capped: bool) -> None:
        """Start a flight that nobody waits for: once per throttle and key."""
        now = self._monotonic()
        if now < max(entry.refresh_at, entry.retry_at) or self._loading.joinable(key, terms):
            return
        if self._is_shed(terms.policy.tier):
            return
        entry.refresh_at = now + terms.policy.throttle
        if not capped or self._cap.take(now):
            self._loading.join(key, load, terms, entry, bare=False)
        else:
            self._stats.capped += 1

    def _is_shed(self, tier: Tier) -> bool:
        """Whether a refresh of this tier is left out, because Redis is under pressure and the database soon will be."""
        if self._shared is None or not sheds(tier, self._shared.pressure(), self._most_waiting):
            return False
        self._stats.refreshes_shed += 1
        return True

    def _failed(self, copy: Entry) -> Reason:
        """Why a copy is served when its refresh failed."""
        return Reason.SATURDAY if self._judged.in_window(copy.tags) else Reason.LOAD_FAILED

    def _landed(self, landing: Landing, *, collapsed: bool = False) -> Read[Any]:
        """What a flight brought."""
        if landing.tier != "loader":
            self._stats.redis_hits += landing.tier == "redis"
            return self._answer(landing.entry, Status.HIT, None, landing.tier)
        entry = landing.entry
        age = max(0.0, self._monotonic() - entry.started)
        return Read(entry.own(), Status.LOADED, None, landing.tier, age, entry, landing.stored, collapsed)

    def _stale(self, key: str, entry: Entry, reason: Reason) -> Read[Any]:
        self._stats.stale += 1
        self._hooks.stale(key, reason)
        return self._answer(entry, Status.STALE, reason, "memory")

    def _answer(self, entry: Entry, status: Status, reason: Reason | None, tier: str) -> Read[Any]:
        return Read(entry.own(), status, reason, tier, max(0.0, self._monotonic() - entry.started), entry)
