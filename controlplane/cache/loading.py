"""Loading: one load per key and process, kept only if no purge of its tags came since it began."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from controlplane.cache.barriers import Standing
from controlplane.cache.entry import Entry, all_tags
from controlplane.cache.flight import Flight, Flights
from controlplane.cache.judged import JudgedMemory
from controlplane.cache.load import Load, Loader
from controlplane.cache.parts import Parts, Terms
from controlplane.domain.purge_log import Position
from controlplane.errors import Unavailable


class Loading:
    """Loads under way, and what becomes of their values."""

    def __init__(self, parts: Parts, judged: JudgedMemory) -> None:
        self._settings = parts.settings
        self._monotonic = parts.clock.monotonic
        self._memory = parts.memory
        self._barriers = parts.barriers
        self._follower = parts.follower
        self._shared = parts.shared
        self._stats = parts.stats
        self._coding = parts.coding
        self._judged = judged
        self._loads: Flights[Entry] = Flights()

    def joinable(self, key: str, terms: Terms) -> Flight[Entry] | None:
        """The load under way for `key`, unless it began before a purge that we have applied."""
        flight = self._loads.get(key)
        if flight is None or not isinstance(flight.mark, Position):
            return None
        return flight if self._barriers.standing(terms.tags, flight.mark) is Standing.VALID else None

    def join(self, key: str, load: Loader[Any], terms: Terms, copy: Entry | None) -> Flight[Entry]:
        """The load under way, or a new one."""
        flight = self.joinable(key, terms)
        if flight is not None:
            self._stats.joined += 1
            return flight
        as_of = self._barriers.position
        return self._loads.start(key, lambda: self._load(key, load, terms, copy, as_of), as_of)

    async def drain(self) -> None:
        """Wait for the loads under way, at most the drain time."""
        await self._loads.drain(self._settings.drain_timeout)

    async def _load(self, key: str, load: Loader[Any], terms: Terms, copy: Entry | None, as_of: Position) -> Entry:
        """Call the loader, and keep what it brings unless a purge came since it began."""
        started = self._monotonic()
        context = Load(key, copy.own() if copy is not None else None)
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
        life = self._judged.life(tags, fresh + stale)
        payload = self._coding.encode(value)
        if payload is None:
            self._stats.unencodable += 1
        size = len(payload) if payload is not None else sys.getsizeof(value)
        kept = self._coding.keep(value, payload, terms.as_type)
        if kept is None:
            self._stats.uncopyable += 1
        mine, thaw = kept or (value, None)
        entry = Entry(mine, tags, as_of, started, fresh, stale, life, terms.tier, size, thaw=thaw)
        now = self._monotonic()
        if now > self._follower.blind_at:
            entry.refresh_at = now + self._settings.throttle
        if kept is None or fresh <= 0 or self._barriers.standing(tags, as_of) is not Standing.VALID:
            self._stats.loads_not_stored += 1
        else:
            self._memory.put(key, entry)
            if self._shared is not None and payload is not None:
                self._shared.fill(key, entry, payload, own_tags)
        return entry
