"""Following the purge log: heartbeat, epoch, gaps. An answered and applied beat is what makes memory trustworthy.

XREAD alone notices neither a restart nor a trim (an empty restarted server answers like a healthy quiet one), so each
round also reads the epoch and the newest number. Sight is counted from when the beat was SENT, and only once everything
up to the number that it answered has been applied.
"""

from __future__ import annotations

import asyncio
import logging
import math

from controlplane.cache.barriers import Barriers
from controlplane.cache.debts import Owing, Placed
from controlplane.cache.restore import Restoring
from controlplane.cache.settings import Settings
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import Beat, Position, Purge
from controlplane.errors import Unavailable
from controlplane.ports.clock import Clock
from controlplane.ports.debts import Debts
from controlplane.ports.purge_log import PurgeLog

_log = logging.getLogger("wedcache.cache.follow")
_QUIET = 0.5
_RETRY = 0.2
_FORGET_EVERY = 60.0


class Follower:
    """Keeps `barriers` up to date and knows since when they may not be. Never raises into the read path."""

    def __init__(
        self,
        log: PurgeLog,
        barriers: Barriers,
        clock: Clock,
        member: str,
        settings: Settings,
        stats: Stats,
        debts: Debts | None = None,
    ) -> None:
        self.blind_at = -math.inf
        self.offset: float | None = None
        self.owing = Owing(log, debts, barriers, clock, stats)
        self._log = log
        self._barriers = barriers
        self._clock = clock
        self._member = member
        self._settings = settings
        self._stats = stats
        self._restoring = Restoring(log, clock)
        self._keep = settings.max_physical_ttl + settings.max_fill_delay
        self._forgets_at = clock.monotonic() + _FORGET_EVERY
        self._joined = False
        self._is_stopping = False
        self._ready = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Join the log; wait for the first applied beat, at most `start_timeout` (without one: blind).

        What processes that are gone still owe is taken over first, so that no fill passes it.
        """
        await self.owing.look()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="wedcache follower")
        try:
            async with asyncio.timeout(self._settings.start_timeout):
                await self._ready.wait()
        except TimeoutError:
            return

    async def stop(self) -> None:
        """Stop following and leave the roll. Memory must have been cleared."""
        # redis-py sends under asyncio.wait_for, which in Python 3.11 loses a cancellation that meets its result:
        # repeat it.
        self._is_stopping = True
        while self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task}, timeout=0.1)
        self.blind_at = -math.inf
        if self._joined:
            try:
                await self._log.leave(self._member)
            except Unavailable:
                self._stats.log_failures += 1

    @property
    def holds_fills(self) -> bool:
        """Whether purges are on their way into the log: what was loaded before them must not reach the second tier."""
        return self.owing.owes or self._restoring.is_pending

    def placed(self, purge: Purge) -> Placed | None:
        """Where the log holds a purge of ours that was owed, or that was put back after the log was lost."""
        return self.owing.placed(purge) if purge.owed else self._restoring.placed(purge)

    @property
    def log_time(self) -> float | None:
        """The log's time now in unix seconds; None before it was first heard."""
        return None if self.offset is None else self._clock.monotonic() + self.offset

    def blind_for(self, now: float) -> float:
        """Seconds since the last heartbeat whose purges are all applied (infinite before the first)."""
        return now - (self.blind_at - self._settings.blind_after)

    def take(self, purge: Purge) -> bool:
        """Apply one purge, from the log or our own; False if purges before it are missing."""
        self._stats.purges_applied += 1
        return self._barriers.apply(purge, self._clock.monotonic())

    async def _run(self) -> None:
        """Beat, listen, apply, until stopped; a failure is a pause."""
        while not self._is_stopping:
            try:
                await self._round()
            except Unavailable:
                self._stats.log_failures += 1
                await asyncio.sleep(_RETRY)
            except Exception:
                # Whatever else it is, a follower that dies would leave the process blind for ever.
                self._stats.log_failures += 1
                _log.exception("the purge log could not be understood; trying again")
                await asyncio.sleep(_RETRY)

    async def _round(self) -> None:
        await self._beat()
        try:
            await self.owing.deliver()
        except Unavailable:
            # What others purge is heard all the same.
            self._stats.log_failures += 1
        self._forget()
        for purge in await self._log.listen(self._barriers.position, _QUIET):
            if purge.position.epoch != self._barriers.position.epoch:
                return  # the next beat adopts the new epoch, with all its barriers
            if purge.position.n > self._barriers.position.n and not self.take(purge):
                await self._lose(purge.position.n)

    async def _beat(self) -> None:
        """Confirm, look, repair what was lost; only then count the beat."""
        position = self._barriers.position
        sent = self._clock.monotonic()
        beat = await self._log.beat(self._member, position if self._joined else None, keep=self._keep)
        self.offset = beat.log_time - (sent + self._clock.monotonic()) / 2
        self._joined = True
        if beat.epoch != position.epoch:
            barriers = await self._log.barriers()
            self._restoring.note(self._barriers.removed(), barriers)
            self._barriers.adopt(Position(beat.epoch, beat.n), beat.base, barriers, self._clock.monotonic())
            self._stats.epochs += bool(position.epoch)
        elif _has_gap(beat, position):
            await self._lose(beat.n)
        is_whole = await self._restoring.put_back(Position(beat.epoch, beat.n))
        if is_whole and self._barriers.position.n >= beat.n:
            self.blind_at = sent + self._settings.blind_after
            self._ready.set()

    async def _lose(self, n: int) -> None:
        """Purges up to `n` were not all heard: read the barriers, and doubt what was cached before."""
        self._barriers.lose(n, await self._log.barriers(), self._clock.monotonic())
        self._stats.gaps += 1

    def _forget(self) -> None:
        """Now and then drop barriers that nothing alive can be older than."""
        now = self._clock.monotonic()
        if now >= self._forgets_at:
            self._forgets_at = now + _FORGET_EVERY
            self._stats.barriers_forgotten += self._barriers.forget(now - self._keep)


def _has_gap(beat: Beat, position: Position) -> bool:
    """Whether the log no longer holds the purge after `position` although there was one."""
    return beat.n > position.n and (beat.oldest == 0 or beat.oldest > position.n + 1)
