"""The second tier as the reader sees it: entries in and out, never a failure, never a wait beyond its time limit."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from controlplane.cache.aside import PACKS_ASIDE, UNPACKS_ASIDE, Aside
from controlplane.cache.breaker import Breaker, Phase
from controlplane.cache.coding import Coding
from controlplane.cache.entry import Entry, all_tags, common_of
from controlplane.cache.envelope import Unusable
from controlplane.cache.follow import Follower
from controlplane.cache.settings import Settings
from controlplane.cache.shedding import Pressure, sheds
from controlplane.cache.stats import Stats
from controlplane.domain.keys import in_namespace, is_plain
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput
from controlplane.ports.clock import Clock
from controlplane.ports.second_tier import SecondTier, Stored
from controlplane.ports.spans import Spans

# A look-up costs a tenth of `Tier(...)`.
_TIERS = {tier.value: tier for tier in Tier}


class SharedTier:
    """Encodes, checks and decodes; fills run behind the reads, at most `max_fills` of them.

    A breaker for reads and one for fills keep a tier that fails from costing anything; half-open, one call probes it.
    """

    def __init__(
        self,
        second: SecondTier,
        follower: Follower,
        clock: Clock,
        settings: Settings,
        stats: Stats,
        coding: Coding,
        spans: Spans | None = None,
    ) -> None:
        self._second = second
        self._follower = follower
        self._clock = clock
        self._monotonic = clock.monotonic
        self._settings = settings
        self._namespace = settings.namespace
        self._prefix = in_namespace(settings.namespace, "")
        self._longest = settings.max_physical_ttl
        self._stats = stats
        self._coding = coding
        self._spans = spans
        self._fills: set[asyncio.Task[None]] = set()
        self._aside = Aside()
        self._reading = 0
        self.read_breaker = Breaker()
        self.fill_breaker = Breaker()

    async def fetch(self, key: str, as_type: type[Any] | None) -> Entry | None:
        """The entry of `key` as another process stored it; None for a miss of any kind.

        Every failure of the tier is counted, reported to the breaker and a miss.
        """
        offset = self._follower.offset
        if offset is None:
            return None
        ticket = self.read_breaker.admit(self._monotonic())
        if not ticket:
            self._stats.redis_skipped += 1
            return None
        name = self._prefix + key
        self._reading += 1
        try:
            stored = await (self._second.fetch(name) if self._spans is None else self._traced(self._spans, key, name))
        except Exception:  # whatever a tier may raise: a read never learns of it
            self._stats.redis_failures += 1
            self.read_breaker.failed(ticket, self._monotonic())
            return None
        except BaseException:
            self.read_breaker.abandoned(ticket)
            raise
        finally:
            self._reading -= 1
        self.read_breaker.succeeded(ticket)
        if stored is not None and len(stored.payload) > UNPACKS_ASIDE:
            return await self._aside.run(functools.partial(self._entry, key, name, stored, offset, as_type))
        return None if stored is None else self._entry(key, name, stored, offset, as_type)

    async def _traced(self, spans: Spans, key: str, name: str) -> Stored | None:
        """One read of the tier, as a span."""
        with spans.within("redis", key):
            return await self._second.fetch(name)

    def _entry(self, key: str, name: str, stored: Stored, offset: float, as_type: type[Any] | None) -> Entry | None:
        """The entry that is stored; None, counted, for what is none."""
        opened = self._coding.open(stored.payload, name, as_type)
        if isinstance(opened, Unusable):
            self._stats.count(opened.value)
            return None
        found, payload = opened.envelope, opened.payload
        # A log server whose clock stepped must not make an entry younger than its arrival here.
        started = min(stored.born - offset, self._monotonic())
        kept = self._coding.isolation.of_decoded(opened.value, payload, opened.serializer, as_type)
        try:
            common = _common(
                self._namespace, found.tags, found.fresh, found.stale, found.life, found.tier, self._longest
            )
            if is_plain(name):
                return Entry.shelved(key, kept.value, common, stored.as_of, started, len(payload), kept.thaw)
            tags, shared = all_tags(self._namespace, key, found.tags), common[-1]
        except (BadInput, KeyError):
            self._stats.damaged += 1
            return None
        return Entry(
            kept.value,
            tags,
            stored.as_of,
            started,
            shared.fresh,
            shared.stale,
            shared.life,
            shared.tier,
            len(payload),
            thaw=kept.thaw,
        )

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
        return Pressure(worst, self._reading)

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
        self, key: str, entry: Entry, payload: bytes | Callable[[], Awaitable[bytes]], born: float, since: float
    ) -> None:
        """One guarded write; a fill that waited too long could outlive the tombstone that would refuse it."""
        stored = Stored(payload if isinstance(payload, bytes) else await payload(), entry.as_of, born)
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
        """The key with its namespace."""
        return self._prefix + key


@functools.lru_cache(maxsize=4_096)
def _common(
    namespace: str, own_tags: tuple[str, ...], fresh: int, stale: int, life: int, tier: str, longest: float
) -> tuple[Any, ...]:
    """What an envelope's entry has in common with others: those with the same need no second check.

    Raises BadInput for a wrong tag, KeyError for an unknown tier.
    """
    return common_of(
        namespace, own_tags, min(fresh / 1000, longest), stale / 1000, min(life / 1000, longest), _TIERS[tier]
    )
