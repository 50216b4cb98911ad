"""The second tier as the reader sees it: entries in and out, never a failure, never a wait beyond its time limit."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from controlplane.cache.aside import PACKS_ASIDE, UNPACKS_ASIDE, Aside
from controlplane.cache.barriers import Barriers
from controlplane.cache.breaker import Breaker, Phase
from controlplane.cache.clear import is_clear, is_untouched
from controlplane.cache.coding import Coding
from controlplane.cache.entry import UNSEEN, Entry, all_tags
from controlplane.cache.follow import Follower
from controlplane.cache.settings import Settings
from controlplane.cache.shedding import Pressure, sheds
from controlplane.cache.stats import Stats
from controlplane.domain.keys import encode, in_namespace
from controlplane.domain.purge_log import Position
from controlplane.ports.clock import Clock
from controlplane.ports.second_tier import SecondTier, Stored
from controlplane.ports.spans import Spans


class SharedTier:
    """Encodes, checks and decodes; fills run behind the reads, at most `max_fills` of them.

    A breaker for reads and one for fills keep a tier that fails from costing anything; half-open, one call probes it.
    `asking`: the keys that are being asked for.
    """

    def __init__(
        self,
        second: SecondTier,
        follower: Follower,
        barriers: Barriers,
        clock: Clock,
        settings: Settings,
        stats: Stats,
        coding: Coding,
        spans: Spans | None = None,
    ) -> None:
        self._second = second
        self._follower = follower
        self._barriers = barriers
        self._clock = clock
        self._monotonic = clock.monotonic
        self._settings = settings
        self._namespace = settings.namespace
        self._prefix = in_namespace(settings.namespace, "")
        self._stats = stats
        self._coding = coding
        self._spans = spans
        self._fills: set[asyncio.Task[None]] = set()
        self._aside = Aside()
        self.asking: set[str] = set()
        self.read_breaker = Breaker()
        self.fill_breaker = Breaker()

    async def fetch(self, key: str, as_type: type[Any] | None) -> Entry | None:
        """The entry of `key` as another process stored it; None for a miss of any kind.

        Every failure of the tier is counted, reported to the breaker and a miss.
        """
        offset = self._follower.offset
        if offset is None:
            return None
        breaker = self.read_breaker
        ticket = breaker.ticket if breaker.is_quiet else breaker.admit(self._monotonic())
        if not ticket:
            self._stats.redis_skipped += 1
            return None
        try:
            text = self._prefix + key
        except TypeError:
            text = in_namespace(self._namespace, key)
        name = encode(text)
        asking = self.asking
        asking.add(key)
        try:
            stored = await (self._second.fetch(name) if self._spans is None else self._traced(self._spans, key, name))
        except Exception:  # whatever a tier may raise: a read never learns of it
            self._stats.redis_failures += 1
            breaker.failed(ticket, self._monotonic())
            return None
        except BaseException:
            breaker.abandoned(ticket)
            raise
        finally:
            asking.discard(key)
        if not breaker.is_quiet:
            breaker.succeeded(ticket)
        if stored is None:
            return None
        if len(stored.payload) > UNPACKS_ASIDE:
            opening = functools.partial(self._entry, key, name, stored, offset, as_type, name is text)
            return await self._aside.run(opening)
        return self._entry(key, name, stored, offset, as_type, name is text)

    async def _traced(self, spans: Spans, key: str, name: str) -> Stored | None:
        """One read of the tier, as a span."""
        with spans.within("redis", key):
            return await self._second.fetch(name)

    def _entry(
        self, key: str, name: str, stored: Stored, offset: float, as_type: type[Any] | None, is_plain: bool
    ) -> Entry | None:
        """The entry that is stored; None, counted, for what is none."""
        opened = self._coding.open(stored.payload, name, as_type)
        if not isinstance(opened, tuple):
            self._stats.count(opened.value)
            return None
        value, thaw, size, family = opened
        as_of = stored.as_of
        common = family.common
        shared = common[-1]
        # A log server whose clock stepped must not make an entry younger than its arrival here.
        started, now = stored.born - offset, self._monotonic()
        if started > now:  # noqa: PLR1730  (`min` is a call)
            started = now
        if not is_plain:
            tags = all_tags(self._namespace, key, family.terms.tags)
            times = (shared.fresh, shared.stale, shared.life)
            return Entry.of(value, tags, as_of, started, *times, shared.tier, size, thaw)
        fresh_until = started + shared.fresh
        entry = Entry(key, value, thaw, as_of, started, fresh_until, size, UNSEEN, 0, common)
        # Nearly every entry has tags that nobody purged lately: then nobody need look at them one by one.
        barriers = self._barriers
        generation = barriers.generation
        if family.clear_at != generation and is_clear(barriers, common[:-1]):
            family.clear_at = generation
        if family.clear_at == generation and is_untouched(barriers, shared.prefix + key, as_of):
            entry.mark = (generation, 0)
        return entry

    def fill(self, key: str, entry: Entry, value: bytes, own_tags: tuple[str, ...], since: float | None = None) -> None:
        """Store behind. Dropped and counted: too large, too many waiting, no position that others could judge it by."""
        offset = self._follower.offset
        if sheds(entry.tier, self.pressure(), self._settings.max_reads_waiting):
            self._stats.fills_shed += 1
        elif len(value) > self._settings.max_value_bytes:
            self._stats.oversized += 1
        elif (
            offset is None
            or not entry.as_of.epoch
            or len(self._fills) >= self._settings.max_fills
            or self._follower.holds_fills
        ):
            self._stats.fills_dropped += 1
        else:
            wrap = functools.partial(
                self._coding.wrap,
                self._name(key),
                value,
                fresh=entry.fresh,
                stale=entry.stale,
                life=entry.life,
                tier=entry.tier.value,
                tags=own_tags,
            )
            work = functools.partial(self._aside.run, wrap) if len(value) > PACKS_ASIDE else wrap()
            task = asyncio.get_running_loop().create_task(
                self._fill(key, entry, work, entry.started + offset, entry.started if since is None else since)
            )
            self._fills.add(task)
            task.add_done_callback(self._fills.discard)

    async def room(self, most: int) -> None:
        """Wait until at most `most` fills wait: a bulk write goes no faster than the tier takes it."""
        while len(self._fills) > most:
            await asyncio.wait(set(self._fills), return_when=asyncio.FIRST_COMPLETED)

    def pressure(self) -> Pressure:
        """How the tier is doing: what `shedding.sheds` asks for refreshes and fills."""
        now = self._clock.monotonic()
        phases = (self.read_breaker.phase(now), self.fill_breaker.phase(now))
        worst = next((phase for phase in (Phase.OPEN, Phase.HALF_OPEN) if phase in phases), Phase.CLOSED)
        return Pressure(worst, len(self.asking))

    async def bury(self, keys: Iterable[str], at: Position) -> None:
        """Replace removed keys by tombstones; without them the barrier still holds, so a failure is only counted."""
        born = self._clock.monotonic() + (self._follower.offset or 0.0)
        names = [self._name(key) for key in keys]
        try:
            await self._second.bury(names, at, born, self._settings.max_fill_delay)
        except Exception:
            self._stats.fills_dropped += len(names)

    async def filled(self) -> None:
        """Wait until the fills under way have ended, for at most the drain time."""
        if self._fills:
            await asyncio.wait(set(self._fills), timeout=self._settings.drain_timeout)

    async def aclose(self) -> None:
        """Let waiting fills finish, for at most the drain time, then close the tier."""
        if self._fills:
            _, late = await asyncio.wait(set(self._fills), timeout=self._settings.drain_timeout)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            self._stats.fills_dropped += len(late)
        await self._second.aclose()

    async def _fill(
        self,
        key: str,
        entry: Entry,
        payload: bytes | Callable[[], Awaitable[bytes | None]] | None,
        born: float,
        since: float,
    ) -> None:
        """One guarded write; a fill that waited too long could outlive the tombstone that would refuse it."""
        packed = await payload() if callable(payload) else payload
        if packed is None:
            self._stats.oversized += 1
            return
        stored = Stored(packed, entry.as_of, born)
        now = self._clock.monotonic()
        age = now - entry.started
        if now - since > self._settings.max_fill_delay or age >= entry.life or self._follower.holds_fills:
            self._stats.fills_dropped += 1
            return
        ticket = self.fill_breaker.admit(self._clock.monotonic())
        if not ticket:
            self._stats.fills_dropped += 1
            return
        try:
            await self._second.fill(self._name(key), stored, entry.life - age)
        except Exception:
            self._stats.fill_failures += 1
            self.fill_breaker.failed(ticket, self._clock.monotonic())
        except BaseException:
            self.fill_breaker.abandoned(ticket)
            raise
        else:
            self.fill_breaker.succeeded(ticket)

    def _name(self, key: str) -> str:
        """The key with its namespace, as a safe and bounded name."""
        return encode(self._prefix + key)
