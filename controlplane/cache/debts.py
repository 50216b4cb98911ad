"""Purging: into the log, or owed where it cannot be reached: kept on disk, acting here at once, delivered in order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from controlplane.cache.barriers import Barriers
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import NOWHERE, Kind, Position, Purge
from controlplane.domain.tags import purgeable
from controlplane.errors import BadInput, Unavailable
from controlplane.ports.clock import Clock
from controlplane.ports.debts import Debt, Debts
from controlplane.ports.purge_log import Purger

_log = logging.getLogger("wedcache.cache.debts")
_CLAIM_EVERY = 5.0
# Delivered debts whose place is remembered for their receipts.
_PLACES = 10_000


@dataclass(frozen=True, slots=True)
class Placed:
    """A purge that the log has taken, and the monotonic second at which that was known here."""

    purge: Purge
    at: float


@dataclass(frozen=True, slots=True)
class _Owed:
    """A debt, and its mark among our own barriers (NOWHERE: it is of a process that is gone)."""

    debt: Debt
    mark: Position


class Owing:
    """Appends purges; those that the log does not take are owed if there is a store for them."""

    def __init__(self, log: Purger, debts: Debts | None, barriers: Barriers, clock: Clock, stats: Stats) -> None:
        self._log = log
        self._debts = debts
        self._barriers = barriers
        self._clock = clock
        self._stats = stats
        self._queue: deque[_Owed] = deque()
        self._places: dict[int, Placed] = {}
        self._looks_at = 0.0 if debts is not None else float("inf")
        self._never_looked = debts is not None
        # Called with each owed purge once the log has taken it.
        self.delivered: Callable[[Purge], object] = _nobody

    @property
    def owes(self) -> bool:
        """Whether purges wait for the log, or may: then nothing that was loaded before them may reach others."""
        return bool(self._queue) or self._never_looked

    async def purge(self, tags: tuple[str, ...], kind: Kind) -> Purge:
        """One purge: in the log, or `owed`; in both cases it acts here when this returns.

        While older purges are owed a new one waits behind them. Raises BadInput without a tag or for a wrong one;
        Unavailable when the log cannot be reached and there is no store for owed purges, or that cannot be written.
        """
        wanted = tuple(dict.fromkeys(purgeable(tag) for tag in tags))
        if not wanted:
            raise BadInput("a purge needs at least one tag; nothing was purged")
        if not self._queue:
            try:
                return await self._append(wanted, kind)
            except Unavailable as error:
                if self._debts is None:
                    raise Unavailable(
                        f"{error}; it is not kept for later, since this cache has no folder for owed purges",
                        next_step="Purge again, or give Cache `debts=DebtsFolder(...)`: then it is owed and delivered.",
                    ) from error
        # It belongs to nobody: a caller that leaves does not end it, or it would be on disk and not in the queue.
        return await asyncio.shield(asyncio.get_running_loop().create_task(self._owe(wanted, kind)))

    async def deliver(self) -> None:
        """Give the log what is owed, oldest first, also by processes that are gone. Raises Unavailable."""
        await self.look()
        while self._queue and self._debts is not None:
            owed = self._queue[0]
            try:
                purge = await self._append(owed.debt.tags, owed.debt.kind)
            except BadInput:
                _log.exception("an owed purge was kept by another version and cannot be delivered; it is dropped")
            else:
                self._barriers.settle(owed.mark, owed.debt.tags)
                self._places[owed.mark.owed] = Placed(purge, self._clock.monotonic())
                self._places.pop(owed.mark.owed - _PLACES, None)
                self._stats.purges_delivered += 1
                self.delivered(purge)
            await asyncio.to_thread(self._debts.settle, owed.debt)
            self._queue.popleft()

    async def look(self) -> None:
        """Take over what processes that are gone still owe; looks at most once in 5 s. Never raises."""
        now = self._clock.monotonic()
        if self._debts is None or now < self._looks_at:
            return
        self._looks_at = now + _CLAIM_EVERY
        found = await asyncio.to_thread(self._debts.claim)
        self._queue.extend(_Owed(debt, NOWHERE) for debt in found)
        self._never_looked = False

    def placed(self, purge: Purge) -> Placed | None:
        """Where the log took an owed purge of ours; None while it has not."""
        return self._places.get(purge.position.owed) if purge.owed else None

    def close(self) -> None:
        """Leave what is still owed to the next process."""
        if self._debts is not None:
            self._debts.close()

    async def _append(self, tags: tuple[str, ...], kind: Kind) -> Purge:
        """Into the log, and act here before anybody else hears of it."""
        purge = await self._log.append(tags, kind, seen=self._barriers.position.n)
        self._stats.purges_applied += 1
        self._barriers.apply(purge, self._clock.monotonic())
        return purge

    async def _owe(self, tags: tuple[str, ...], kind: Kind) -> Purge:
        """Act here, then keep it, then say so."""
        if self._debts is None:
            raise Unavailable("there is no store for owed purges")
        mark = self._barriers.owe(tags, kind, self._clock.monotonic())
        debt = await asyncio.to_thread(self._debts.owe, kind, tags)
        self._queue.append(_Owed(debt, mark))
        self._stats.purges_owed += 1
        return Purge(mark, kind, tags)


def _nobody(_: Purge) -> None:
    """Without a second tier nobody has to know."""
