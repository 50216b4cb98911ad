"""The receipt of a removal: when no process can return the older value any more."""

from __future__ import annotations

import asyncio

from controlplane.domain.purge_log import Completion, Purge, completion, describe
from controlplane.errors import Incomplete, Unavailable
from controlplane.ports.clock import Clock
from controlplane.ports.purge_log import Purger

_FIRST_LOOK = 0.002
_SLOWEST_LOOK = 0.1


class Receipt:
    """Proof that a removal is in the log; `complete` waits until it has reached everyone."""

    def __init__(self, purge: Purge, log: Purger, clock: Clock, blind_max: float) -> None:
        self.purge = purge
        self._log = log
        self._clock = clock
        self._blind_max = blind_max
        self._appended = clock.monotonic()

    async def complete(self, timeout: float = 60.0) -> Completion:  # noqa: ASYNC109 (reports who is missing)
        """Wait until every living member confirmed, or was blind for longer than blind memory may answer.

        Raises Incomplete after `timeout` seconds, naming who is still waited for, or as soon as the log turns out to
        have begun anew (then remove again). It may be called again.
        """
        pause = _FIRST_LOOK
        began = self._clock.monotonic()
        last: Completion | None = None
        while True:
            try:
                roll = await self._log.roll()
            except Unavailable:
                pass
            else:
                waited = self._clock.monotonic() - self._appended
                last = completion(self.purge, roll, waited=waited, blind_max=self._blind_max)
                if last.complete:
                    return last
                if last.lost:
                    break
            if self._clock.monotonic() - began >= timeout:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, _SLOWEST_LOOK)
        raise self._incomplete(last)

    def _incomplete(self, last: Completion | None) -> Incomplete:
        """Say what is known."""
        named = f"purge {self.purge.position.n} of {', '.join(self.purge.tags)[:200]}"
        if last is None:
            return Incomplete(f"{named} is in the log; who applied it is not known", next_step="Ask again.")
        if last.lost:
            return Incomplete(
                f"{named} may be lost: the log began anew since (its server was restarted or replaced)",
                next_step="Remove the same tags again.",
            )
        return Incomplete(
            f"{named} is in the log; not confirmed by {describe(last.waiting_for)}",
            next_step="Wait and ask again; a process that is gone stops counting once its blind time has passed.",
            report=dict.fromkeys(last.confirmed, "confirmed") | dict.fromkeys(last.waiting_for, "not confirmed"),
        )
