"""The read path: memory, then the second tier, then the loader; a stale copy where nothing better comes in time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from controlplane.cache.answers import Answers
from controlplane.cache.entry import Entry, Read, Reason
from controlplane.cache.flight import Flight
from controlplane.cache.freshness import State, Verdict
from controlplane.cache.judged import NOTHING, JudgedMemory
from controlplane.cache.load import Loader
from controlplane.cache.loading import Landing, Loading
from controlplane.cache.parts import Parts, Terms
from controlplane.cache.refreshing import Refreshing


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
        self._judged = judged
        self._loading = loading
        self._refreshing = Refreshing(parts, loading)
        self._answers = Answers(parts, judged)

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
                return self._answers.landed(landing, collapsed=begun.collapsed)
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
                self._refreshing.behind(key, load, terms, entry, capped=False)
        return self._answers.hit(entry)

    def _old(
        self, key: str, load: Loader[Any], terms: Terms, copy: Entry, verdict: Verdict, *, fetch: bool
    ) -> Read[Any] | Begun:
        """A copy that may be served: now, or if nothing better comes in time."""
        if verdict.reason is Reason.BLIND:
            self._refreshing.behind(key, load, terms, copy, capped=True)
            return self._answers.stale(key, copy, Reason.BLIND)
        now = self._monotonic()
        if now < copy.retry_at:
            return self._answers.stale(key, copy, self._answers.failed(copy))
        if terms.policy.refresh_ahead is not None:
            self._refreshing.behind(key, load, terms, copy, capped=verdict.doubtful)
            return self._answers.stale(key, copy, verdict.reason or Reason.REFRESHING)
        if self._refreshing.is_shed(terms.policy.tier):
            return self._answers.stale(key, copy, verdict.reason or Reason.REFRESHING)
        known = self._loading.joinable(key, terms)
        if verdict.doubtful and known is None and not self._refreshing.has_room(now):
            return self._answers.stale(key, copy, verdict.reason or Reason.REFRESHING)
        flight = self._loading.join(key, load, terms, copy, bare=False, fetch=fetch)
        return Begun(key, load, terms, flight, copy, flight is known)

    async def _better_than(self, copy: Entry, begun: Begun) -> Read[Any]:
        """Wait for the soft time-out; serve the copy if the flight is late or fails, and the copy is still allowed."""
        key, flight = begun.key, begun.flight
        landed = await flight.lands_within(begun.terms.policy.soft_timeout)
        # A removal may have come while we waited: then the copy is no answer any more.
        may_serve = self._judged.judge(key, copy, self._monotonic()).state in (State.STALE, State.HIT)
        if not landed and may_serve:
            return self._answers.stale(key, copy, Reason.LOAD_SLOW)
        try:
            landing = await flight.result()
        except Exception:
            if not may_serve:
                raise
            return self._answers.stale(key, copy, self._answers.failed(copy))
        if landing.answers:
            return self._answers.landed(landing, collapsed=begun.collapsed)
        verdict = self._judged.judge(key, landing.entry, self._monotonic())
        return await self.finish(self._begin(key, begun.load, begun.terms, landing.entry, verdict, fetch=False))

    async def _without_loader(self, key: str, terms: Terms, entry: Entry | None, verdict: Verdict) -> Read[Any]:
        """Memory and the second tier only."""
        if verdict.state is not State.HIT and verdict.reason is not Reason.BLIND:
            found = await self._loading.fetch(key, terms)
            if found is not None and (entry is None or found.is_newer_than(entry) or verdict.state is State.DEAD):
                verdict = self._judged.judge(key, found, self._monotonic())
                if verdict.state is State.HIT:
                    return self._answers.landed(Landing(found, "redis"))
                entry = found
            elif entry is not None:
                verdict = self._judged.judge(key, entry, self._monotonic())
        if entry is not None and verdict.state is State.HIT:
            return self._answers.hit(entry)
        if entry is not None and verdict.state is State.STALE and verdict.reason is not None:
            return self._answers.stale(key, entry, verdict.reason)
        return self._answers.miss()

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
