"""After a lost log: the removals that this process knows are put back into the one that began anew.

The ledger is the members' own memory: every process that follows a log knows its hard barriers. Whatever any living
member had applied comes back, before that member trusts the new log; what nobody who lives had heard of is gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from controlplane.cache.debts import Placed
from controlplane.domain.purge_log import Barrier, Kind, Position, Purge
from controlplane.ports.clock import Clock
from controlplane.ports.purge_log import PurgeFeed


class Restoring:
    """Removals on their way back into the log, and since when they are there."""

    def __init__(self, log: PurgeFeed, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._pending: dict[str, int] = {}
        self._at: Position | None = None
        self._since = 0.0

    @property
    def is_pending(self) -> bool:
        """Whether removals wait to be put back."""
        return bool(self._pending)

    def note(self, removed: Iterable[Barrier], found: Iterable[Barrier]) -> None:
        """The log began anew: of what was `removed` before, put back all that it does not hold (`found`)."""
        held = {barrier.tag: barrier.hard for barrier in found}
        for barrier in removed:
            self._pending[barrier.tag] = max(barrier.hard, self._pending.get(barrier.tag, 0))
        self._pending = {tag: hard for tag, hard in self._pending.items() if held.get(tag, 0) < hard}
        self._at = None

    async def put_back(self, now_at: Position) -> bool:
        """Put back what is pending into the epoch of `now_at`; False: it began anew again. Raises Unavailable."""
        if self._at is not None and not self._pending:
            return True
        at = now_at
        if self._pending:
            at = await self._log.restore(now_at.epoch, [Barrier(tag, 0, hard) for tag, hard in self._pending.items()])
        if at.epoch != now_at.epoch:
            return False
        self._pending.clear()
        self._at, self._since = at, self._clock.monotonic()
        return True

    def placed(self, purge: Purge) -> Placed | None:
        """Where the present epoch holds a removal of a former one that this process had applied."""
        if purge.kind is not Kind.HARD or self._at is None or self._at.epoch == purge.position.epoch:
            return None
        return Placed(Purge(self._at, purge.kind, purge.tags), self._since)
