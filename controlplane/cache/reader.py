"""The read path: memory, then the second tier, then the loader; a stale copy where nothing better comes in time."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controlplane.cache import envelope
from controlplane.cache.barriers import Barriers, Standing
from controlplane.cache.cap import RefreshCap
from controlplane.cache.entry import Entry, Read, Reason, Status, all_tags
from controlplane.cache.flight import Flight, Flights
from controlplane.cache.follow import Follower
from controlplane.cache.freshness import HIT, Bounds, State, Verdict, judge
from controlplane.cache.load import Load, Loader
from controlplane.cache.memory import Memory
from controlplane.cache.settings import Settings
from controlplane.cache.shared import SharedTier
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier
from controlplane.errors import Unavailable
from controlplane.ports.clock import Clock
from controlplane.ports.windows import Windows

_NOTHING = Verdict(State.DEAD)
_MISS: Read[Any] = Read(None, Status.MISS, None, "", 0.0)


@dataclass(frozen=True, slots=True)
class Terms:
    """How one call wants its key cached: tier, tags (its own and all), durations (None: the tier's), value type."""

    tier: Tier
    own_tags: tuple[str, ...]
    tags: tuple[str, ...]
    fresh: timedelta | None
    stale: timedelta | None
    as_type: type[Any] | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What the reader works with."""

    settings: Settings
    clock: Clock
    memory: Memory
    barriers: Barriers
    follower: Follower
    shared: SharedTier | None
    windows: Windows | None
    stats: Stats


class Reader:
    """Answers reads.

    Failures of Redis, log and calendar never reach the caller; the loader's do where no copy may be served.
    """

    def __init__(self, parts: Parts) -> None:
        self._settings = parts.settings
        self._clock = parts.clock
        self._memory = parts.memory
        self._barriers = parts.barriers
        self._follower = parts.follower
        self._shared = parts.shared
        self._windows = parts.windows
        self._stats = parts.stats
        self._monotonic = parts.clock.monotonic
        self._bounds = Bounds(parts.settings.blind_after, parts.settings.blind_max, parts.settings.blind_max_erasable)
        self._fetches: Flights[Entry | None] = Flights()
        self._loads: Flights[Entry] = Flights()
        self._cap = RefreshCap(parts.settings.refresh_cap)

    def hit(self, key: str) -> Entry | None:
        """The entry of `key` if memory can answer with a hit, else None. The fast path: no tag is walked twice."""
        entry = self._memory.get(key)
        if entry is None:
            return None
        now = self._monotonic()
        if entry.checked == self._barriers.generation and now < entry.fresh_until and now <= self._follower.blind_at:
            return entry
        return entry if self._judge(key, entry, now).state is State.HIT else None

    async def read(self, key: str, load: Loader[Any] | None, terms: Terms) -> Read[Any]:
        """One read, with a loader or without."""
        entry, verdict = self._look(key)
        if verdict.state is State.STALE and verdict.reason is Reason.BLIND and entry is not None:
            self._refresh_behind(key, load, terms, entry)
            return self._stale(entry, Reason.BLIND)
        if self._shared and self._may_fetch(key, terms, entry, verdict):
            found = await self._fetch(self._shared, key, terms)
            entry, verdict = self._look(key)
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
            return await self._loaded(self._join(key, load, terms, None))
        return await self._better_than(copy, verdict, key, load, terms)

    async def drain(self) -> None:
        """Wait for loads and fetches under way, at most the drain time each."""
        await self._loads.drain(self._settings.drain_timeout)
        await self._fetches.drain(self._settings.drain_timeout)

    def _look(self, key: str) -> tuple[Entry | None, Verdict]:
        """What memory has, judged now; the dead are dropped."""
        entry = self._memory.get(key)
        if entry is None:
            return None, _NOTHING
        return entry, self._judge(key, entry, self._monotonic())

    def _judge(self, key: str, entry: Entry, now: float) -> Verdict:
        """Collect what the judge needs; remember a hit's generation, drop the dead."""
        barriers = self._barriers
        generation = barriers.generation
        verdict = judge(
            entry,
            now=now,
            standing=barriers.standing(entry.tags, entry.as_of),
            blind_for=self._follower.blind_for(now),
            bounds=self._bounds,
            in_window=now - entry.started >= entry.fresh + entry.stale and self._in_window(entry.tags),
        )
        if verdict is HIT:
            entry.checked = generation
        elif verdict.state is State.DEAD and self._memory.get(key) is entry:
            self._memory.drop(key)
        return verdict

    def _in_window(self, tags: Iterable[str]) -> bool:
        """Whether the calendar says Saturday; a calendar that fails says no."""
        if self._windows is None:
            return False
        try:
            return self._windows.is_active(tags, self._clock.now())
        except Exception:
            self._stats.window_failures += 1
            return False

    def _may_fetch(self, key: str, terms: Terms, entry: Entry | None, verdict: Verdict) -> bool:
        """Whether the second tier is asked: not for a hit, nor while a load is under way or has just failed."""
        if verdict.state is State.HIT or self._joinable(key, terms):
            return False
        return entry is None or verdict.state is not State.STALE or self._monotonic() >= entry.retry_at

    async def _fetch(self, shared: SharedTier, key: str, terms: Terms) -> Entry | None:
        """The second tier's entry, put into memory if it may ever be served; one fetch per key at a time."""
        flight = self._fetches.get(key) or self._fetches.start(key, lambda: self._fetched(shared, key, terms))
        return await asyncio.shield(flight.task)

    async def _fetched(self, shared: SharedTier, key: str, terms: Terms) -> Entry | None:
        entry = await shared.fetch(key, terms.as_type)
        if entry is None or self._judge(key, entry, self._monotonic()).state is State.DEAD:
            return None
        return entry if self._memory.put(key, entry) else None

    async def _better_than(self, copy: Entry, verdict: Verdict, key: str, load: Loader[Any], terms: Terms) -> Read[Any]:
        """A newer value if the loader brings one soon, else the copy and the reason."""
        now = self._monotonic()
        if now < copy.retry_at:
            return self._stale(copy, self._failed(copy))
        if verdict.doubtful and not self._joinable(key, terms) and not self._cap.take(now):
            self._stats.capped += 1
            return self._stale(copy, verdict.reason or Reason.REFRESHING)
        flight = self._join(key, load, terms, copy)
        await asyncio.wait({flight.task}, timeout=self._settings.soft_timeout)
        # A removal may have come while we waited: then the copy is no answer any more.
        may_serve = self._judge(key, copy, self._monotonic()).state in (State.STALE, State.HIT)
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
        if load is None or now < max(entry.refresh_at, entry.retry_at) or self._joinable(key, terms):
            return
        entry.refresh_at = now + self._settings.throttle
        if self._cap.take(now):
            self._join(key, load, terms, entry)
        else:
            self._stats.capped += 1

    def _joinable(self, key: str, terms: Terms) -> Flight[Entry] | None:
        """The load under way for `key`, unless it began before a purge that we have applied."""
        flight = self._loads.get(key)
        if flight is None or not isinstance(flight.mark, Position):
            return None
        return flight if self._barriers.standing(terms.tags, flight.mark) is Standing.VALID else None

    def _join(self, key: str, load: Loader[Any], terms: Terms, copy: Entry | None) -> Flight[Entry]:
        """The load under way, or a new one."""
        flight = self._joinable(key, terms)
        if flight is not None:
            self._stats.joined += 1
            return flight
        as_of = self._barriers.position
        return self._loads.start(key, lambda: self._load(key, load, terms, copy, as_of), as_of)

    async def _loaded(self, flight: Flight[Entry]) -> Read[Any]:
        """Wait for a load; leaving does not end it."""
        entry = await asyncio.shield(flight.task)
        return self._answer(entry, Status.LOADED, None, "loader")

    async def _load(self, key: str, load: Loader[Any], terms: Terms, copy: Entry | None, as_of: Position) -> Entry:
        """Call the loader, and keep what it brings unless a purge came since it began."""
        started = self._monotonic()
        context = Load(key, copy.value if copy is not None else None)
        self._stats.loads += 1
        try:
            async with asyncio.timeout(self._settings.hard_timeout) as limit:
                value = await load(context)
        except Exception as error:
            self._stats.load_failures += 1
            if (known := self._memory.get(key)) is not None:
                known.retry_at = self._monotonic() + self._settings.throttle
            if isinstance(error, TimeoutError) and limit.expired():
                raise Unavailable(
                    f"loading {key!r} took longer than {self._settings.hard_timeout:g} s; nothing was cached",
                    next_step="See what the loader waits for; the call may be repeated.",
                ) from error
            raise
        return self._keep(key, value, context, terms, as_of, started)

    def _keep(self, key: str, value: Any, context: Load, terms: Terms, as_of: Position, started: float) -> Entry:
        """Make the entry, and store it in both tiers if it is still valid."""
        own_tags = tuple(dict.fromkeys((*terms.own_tags, *context.tags)))
        tags = all_tags(self._settings.namespace, key, own_tags) if context.tags else terms.tags
        profile = terms.tier.profile
        asked = terms.fresh if context.ttl is None else context.ttl
        fresh = (profile.fresh if asked is None else asked).total_seconds()
        stale = (profile.stale if terms.stale is None else terms.stale).total_seconds()
        life = self._life(tags, fresh + stale)
        payload = envelope.encode_value(value)
        if payload is None:
            self._stats.unencodable += 1
        size = len(payload) if payload is not None else sys.getsizeof(value)
        entry = Entry(value, tags, as_of, started, fresh, stale, life, terms.tier, size)
        now = self._monotonic()
        if now > self._follower.blind_at:
            entry.refresh_at = now + self._settings.throttle
        if fresh <= 0 or self._barriers.standing(tags, as_of) is not Standing.VALID:
            self._stats.loads_not_stored += 1
        else:
            self._memory.put(key, entry)
            if self._shared is not None and payload is not None:
                self._shared.fill(key, entry, payload, own_tags)
        return entry

    def _life(self, tags: tuple[str, ...], normal: float) -> float:
        """Seconds that the entry must physically live, chosen now: it lasts through the window without any network."""
        if self._windows is None:
            return normal
        try:
            at = self._clock.now()
            until = self._windows.physical_until(tags, at)
        except Exception:
            self._stats.window_failures += 1
            return normal
        return normal if until is None else max(normal, (until - at).total_seconds())

    def _failed(self, copy: Entry) -> Reason:
        """Why a copy is served when its refresh failed."""
        return Reason.SATURDAY if self._in_window(copy.tags) else Reason.LOAD_FAILED

    def _stale(self, entry: Entry, reason: Reason | None) -> Read[Any]:
        self._stats.stale += 1
        return self._answer(entry, Status.STALE, reason, "memory")

    def _answer(self, entry: Entry, status: Status, reason: Reason | None, tier: str) -> Read[Any]:
        return Read(entry.value, status, reason, tier, max(0.0, self._monotonic() - entry.started))
