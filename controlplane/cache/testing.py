"""The cache in memory, for the tests of services: no server, time that moves when told, faults on demand.

    region = FakeRegion()
    async with region.cache() as cache:
        ...                                   # the service under test
        await region.pass_by("2h")            # everything that was fresh for an hour is stale now
        region.log.is_cut = True              # the purge log does not answer

Two caches of one region are like two processes. It passes the contract suite that the real one passes.
"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from controlplane.cache.client import Cache
from controlplane.cache.durations import Duration, seconds
from controlplane.cache.mode import WindowTable
from controlplane.cache.settings import Settings
from controlplane.domain.purge_log import Barrier, Beat, Kind, Member, Position, Purge, Roll
from controlplane.domain.tags import purgeable
from controlplane.errors import BadInput, Unavailable
from controlplane.ports.second_tier import Stored

START = datetime(2027, 6, 10, 12, 0, tzinfo=UTC)
_EPOCHS = itertools.count(1)


class FakeClock:
    """Calendar and elapsed time that move only when told; the calendar can also jump alone."""

    def __init__(self, at: datetime = START) -> None:
        self._at = at
        self._elapsed = 1000.0

    def now(self) -> datetime:
        """The calendar."""
        return self._at

    def monotonic(self) -> float:
        """Elapsed seconds."""
        return self._elapsed

    def pass_by(self, seconds: float) -> None:
        """Move both; where caches are open, use `FakeRegion.pass_by`."""
        self._elapsed += seconds
        self._at += timedelta(seconds=seconds)

    def jump(self, seconds: float) -> None:
        """Step the calendar alone."""
        self._at += timedelta(seconds=seconds)


@dataclass
class FakePurgeLog:
    """A purge log whose server can be cut off (`is_cut`), lose its stream (`trim`) or begin anew (`restart_empty`)."""

    clock: FakeClock = field(default_factory=FakeClock)
    is_cut: bool = False
    epoch: str = field(default_factory=lambda: f"{next(_EPOCHS):016x}")
    base: int = 0
    n: int = 0
    purges: list[Purge] = field(default_factory=list)
    known: dict[str, Barrier] = field(default_factory=dict)
    members: dict[str, tuple[Position, float]] = field(default_factory=dict)
    beats: int = 0
    listening: set[asyncio.Event] = field(default_factory=set)

    async def append(self, tags: Iterable[str], kind: Kind, *, seen: int = 0) -> Purge:
        """As `PurgeLog.append`."""
        wanted = tuple(dict.fromkeys(purgeable(tag) for tag in tags))
        if not wanted:
            raise BadInput("a purge needs at least one tag; nothing was purged")
        self._reach()
        self.n = max(self.n, seen) + 1
        purge = Purge(Position(self.epoch, self.n), kind, wanted)
        self.purges.append(purge)
        for tag in wanted:
            old = self.known.get(tag, Barrier(tag, 0, 0))
            soft, hard = (self.n, old.hard) if kind is Kind.SOFT else (old.soft, self.n)
            self.known[tag] = Barrier(tag, soft, hard)
        self._tell()
        return purge

    async def roll(self) -> Roll:
        """As `PurgeLog.roll`."""
        self._reach()
        now = self.clock.monotonic()
        members = (Member(name, at, max(0.0, now - seen)) for name, (at, seen) in self.members.items())
        return Roll(self.epoch, tuple(members))

    async def beat(self, member: str, applied: Position | None, *, keep: float = 0.0) -> Beat:
        """As `PurgeLog.beat`."""
        self._reach()
        self.beats += 1
        self.members[member] = (applied or Position("", -1), self.clock.monotonic())
        oldest = self.purges[0].position.n if self.purges else 0
        return Beat(self.epoch, self.n, self.base, oldest, self.clock.monotonic() + 1e9)

    async def listen(self, after: Position, wait: float) -> Sequence[Purge]:
        """As `PurgeLog.listen`; waits 20 ms at most."""
        self._reach()
        found = [purge for purge in self.purges if purge.position.n > after.n]
        if not found:
            changed = asyncio.Event()
            self.listening.add(changed)
            try:
                async with asyncio.timeout(min(wait, 0.02)):
                    await changed.wait()
            except TimeoutError:
                return ()
            finally:
                self.listening.discard(changed)
            self._reach()
            found = [purge for purge in self.purges if purge.position.n > after.n]
        return found

    async def barriers(self) -> Sequence[Barrier]:
        """As `PurgeLog.barriers`."""
        self._reach()
        return tuple(self.known.values())

    async def restore(self, epoch: str, removed: Sequence[Barrier]) -> Position:
        """As `PurgeLog.restore`."""
        self._reach()
        if epoch != self.epoch:
            return Position(self.epoch, self.n)
        found = [(one.tag, one.hard, self.known.get(one.tag, Barrier(one.tag, 0, 0))) for one in removed]
        back = [(tag, hard, known) for tag, hard, known in found if known.hard < hard and known.hard <= self.base]
        if back:
            self.n += 1
            marks = tuple(hard if hard <= self.base else self.n for _, hard, _ in back)
            tags = tuple(tag for tag, _, _ in back)
            self.purges.append(Purge(Position(epoch, self.n), Kind.HARD, tags, marks))
            for mark, (tag, _, known) in zip(marks, back, strict=True):
                self.known[tag] = Barrier(tag, known.soft, mark)
            self._tell()
        return Position(epoch, self.n)

    async def leave(self, member: str) -> None:
        """As `PurgeLog.leave`."""
        self._reach()
        self.members.pop(member, None)

    async def aclose(self) -> None:
        """Nothing to close."""
        return

    def trim(self) -> None:
        """Lose the stream, keep numbers and barriers."""
        self.purges.clear()

    def restart_empty(self) -> None:
        """Lose everything."""
        self.purges.clear()
        self.known.clear()
        self.members.clear()
        self.epoch, self.n, self.base = f"{next(_EPOCHS):016x}", 0, 0

    def _tell(self) -> None:
        """Wake who listens; in other loops that shows within 20 ms."""
        for changed in tuple(self.listening):
            changed.set()

    def _reach(self) -> None:
        if self.is_cut:
            raise Unavailable("the log is cut off")


@dataclass
class FakeTier:
    """A second tier in a dict, with the real one's rule about older fills."""

    clock: FakeClock = field(default_factory=FakeClock)
    is_cut: bool = False
    values: dict[str, tuple[Stored, float]] = field(default_factory=dict)
    stones: dict[str, tuple[Position, float, float]] = field(default_factory=dict)
    fetches: int = 0

    async def open(self) -> None:
        """Nothing to open."""
        return

    async def fetch(self, key: str) -> Stored | None:
        """As `SecondTier.fetch`."""
        self.fetches += 1
        await asyncio.sleep(0)
        if self.is_cut:
            raise Unavailable("the tier is cut off")
        stored, until = self.values.get(key, (None, 0.0))
        return None if self.clock.monotonic() >= until else stored

    async def fill(self, key: str, stored: Stored, life: float) -> bool:
        """As `SecondTier.fill`."""
        await asyncio.sleep(0)
        now = self.clock.monotonic()
        if self.is_cut:
            raise Unavailable("the tier is cut off")
        if key in self.stones and now < self.stones[key][2]:
            at, born, _ = self.stones[key]
            if stored.as_of.n < at.n if stored.as_of.epoch == at.epoch else stored.born < born:
                return False
        if key in self.values and now < self.values[key][1]:
            known = self.values[key][0]
            if known.as_of.epoch == stored.as_of.epoch and known.as_of.n != stored.as_of.n:
                older = stored.as_of.n < known.as_of.n
            else:
                older = stored.born < known.born
            if older:
                return False
        self.values[key] = (stored, now + life)
        return True

    async def bury(self, keys: Iterable[str], at: Position, born: float, seconds: float) -> None:
        """As `SecondTier.bury`."""
        if self.is_cut:
            raise Unavailable("the tier is cut off")
        for key in keys:
            self.values.pop(key, None)
            self.stones[key] = (at, born, self.clock.monotonic() + seconds)

    async def aclose(self) -> None:
        """Nothing to close."""
        return


class FakeRegion:
    """A region in memory: `clock`, `log`, `tier` (its Redis) and `windows` (its calendar)."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.log = FakePurgeLog(self.clock)
        self.tier = FakeTier(self.clock)
        self.windows = WindowTable()
        self._caches: weakref.WeakSet[Cache] = weakref.WeakSet()

    def cache(self, settings: Settings | None = None) -> Cache:
        """One process's cache in this region."""
        cache = Cache(settings, second=self.tier, log=self.log, clock=self.clock, windows=self.windows)
        self._caches.add(cache)
        return cache

    async def pass_by(self, length: Duration) -> None:
        """Let time pass, and every open cache hear the log again (unless that is cut off)."""
        self.clock.pass_by(seconds(length, "length"))
        heard = self.log.beats
        while not self.log.is_cut and any(cache.loop is not None and not cache.sees_log for cache in self._caches):
            await asyncio.sleep(0.001)
            if self.log.beats > heard + 10_000:
                raise Unavailable("a cache of this region does not hear its log; is its event loop blocked?")
