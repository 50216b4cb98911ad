"""The receipt of a removal: when no process can return the older value any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from controlplane.cache.debts import Placed
from controlplane.domain.purge_log import Completion, Purge, completion, describe
from controlplane.errors import Incomplete, Unavailable
from controlplane.ports.clock import Clock
from controlplane.ports.purge_log import Purger

_FIRST_LOOK = 0.002
_SLOWEST_LOOK = 0.1
_SOMEBODY = ("whoever was on the roll of the lost log",)


class Receipt:
    """Proof that a removal is in the log, or on disk and `owed` to it; `complete` waits until it has reached everyone.

    `placed` answers where the log holds it since it was owed, or put back after the log was lost.
    """

    def __init__(
        self, purge: Purge, log: Purger, clock: Clock, blind_max: float, placed: Callable[[Purge], Placed | None]
    ) -> None:
        self.purge = purge
        self._log = log
        self._clock = clock
        self._blind_max = blind_max
        self._placed = placed
        self._appended = clock.monotonic()
        # Who had not confirmed when the roll was last read in the purge's own epoch; None: it never was.
        self._waiting: tuple[str, ...] | None = None
        self._absent: tuple[str, ...] = ()

    @property
    def owed(self) -> bool:
        """Whether the log has not taken it yet; until it has, only this process acts on it."""
        if self.purge.owed and (placed := self._placed(self.purge)):
            self.purge, self._appended = placed.purge, placed.at
        return self.purge.owed

    async def complete(self, timeout: float = 60.0) -> Completion:  # noqa: ASYNC109 (reports who is missing)
        """Wait until every living member confirmed, or was blind for longer than blind memory may answer.

        A removal that is owed counts from when the log has taken it. One that a log which began anew does not hold is
        put back by this process and counts from then; whoever had not confirmed before (everybody, where nobody was
        asked) is waited for by name, or for as long as blind memory may answer. Raises Incomplete after `timeout`
        seconds, naming who is still waited for, or that the removal is still owed or not yet put back. It may be called
        again.
        """
        pause = _FIRST_LOOK
        began = self._clock.monotonic()
        last: Completion | None = None
        while True:
            if not self.owed:
                last = await self._look() or last
                if last and last.complete:
                    return last
            if self._clock.monotonic() - began >= timeout:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, _SLOWEST_LOOK)
        raise self._incomplete(last)

    async def _look(self) -> Completion | None:
        """What the roll says now; None while the log does not answer."""
        try:
            roll = await self._log.roll()
        except Unavailable:
            return None
        if roll.epoch != self.purge.position.epoch:
            placed = self._placed(self.purge)
            if placed and placed.purge.position.epoch == roll.epoch:
                self.purge, self._appended = placed.purge, placed.at
                self._absent = _SOMEBODY if self._waiting is None else self._waiting
        waited = self._clock.monotonic() - self._appended
        found = completion(self.purge, roll, waited=waited, blind_max=self._blind_max, absent=self._absent)
        if not found.lost:
            self._waiting = found.waiting_for
        return found

    def _incomplete(self, last: Completion | None) -> Incomplete:
        """Say what is known."""
        named = f"purge {self.purge.position.n} of {', '.join(self.purge.tags)[:200]}"
        if self.purge.owed:
            named = ", ".join(self.purge.tags)[:200]
            return Incomplete(
                f"the removal of {named} is owed: it acts in this process and is kept on disk",
                next_step="Ask again; it is delivered as soon as the purge log answers.",
            )
        if last is None:
            return Incomplete(f"{named} is in the log; who applied it is not known", next_step="Ask again.")
        if last.lost:
            return Incomplete(
                f"{named} is not put back yet: the log began anew since (its server was restarted or replaced)",
                next_step="Ask again while this cache is open; once it is closed, remove the same tags again.",
            )
        return Incomplete(
            f"{named} is in the log; not confirmed by {describe(last.waiting_for)}",
            next_step="Wait and ask again; a process that is gone stops counting once its blind time has passed.",
            report=dict.fromkeys(last.confirmed, "confirmed") | dict.fromkeys(last.waiting_for, "not confirmed"),
        )
