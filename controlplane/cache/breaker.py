"""A circuit breaker: decides, from what happened so far, whether something that failed may be asked again.

Pure: elapsed time is an argument, nothing is awaited. One for each tier (reads and fills apart, since a Redis that is
out of memory refuses writes and answers reads), and one that a loader may have.
"""

from __future__ import annotations

import enum
import math

from controlplane.errors import BadInput


class Phase(enum.Enum):
    """Closed: everything passes. Open: nothing. Half-open: one probe at a time."""

    CLOSED = "closed"
    HALF_OPEN = "half-open"
    OPEN = "open"


class Breaker:
    """Opens after `failures` failures in a row and admits probes, one at a time, after a rest.

    Failures closer together than `spacing` are one: a thousand reads that share a time limit fail at once. The rest
    doubles with each failed probe, from `rest` to `longest_rest`. A probe that never reports is given up after
    `patience`. All in seconds. A call asks `admit` for a ticket and reports with it by `succeeded`, `failed` or
    `abandoned`; a ticket from before the phase changed says nothing any more. While it `is_quiet` (closed, and nothing
    failed since the last success), `admit` would give `ticket`, and `succeeded` do nothing.
    """

    __slots__ = (
        "_counted_at",
        "_failures",
        "_in_a_row",
        "_longest_rest",
        "_patience",
        "_probe_since",
        "_rest",
        "_rests",
        "_retry_at",
        "_spacing",
        "is_quiet",
        "opened",
        "ticket",
    )

    def __init__(
        self,
        *,
        failures: int = 3,
        rest: float = 0.25,
        longest_rest: float = 1.0,
        spacing: float = 0.01,
        patience: float = 1.0,
    ) -> None:
        if failures < 1 or not 0 < rest <= longest_rest or spacing < 0 or patience <= 0:
            raise BadInput("a breaker needs at least one failure, 0 < rest <= longest_rest, spacing and patience")
        self._failures = failures
        self._rest = rest
        self._longest_rest = longest_rest
        self._spacing = spacing
        self._patience = patience
        self.ticket = 1
        self.is_quiet = True
        self._in_a_row = 0
        self._counted_at = -math.inf
        self._rests = 0
        # None while closed; then the second from which a probe may go, and since when one is out.
        self._retry_at: float | None = None
        self._probe_since: float | None = None
        # How often it opened, failed probes included: a plain counter.
        self.opened = 0

    def phase(self, now: float) -> Phase:
        """The phase at second `now`."""
        if self._retry_at is None:
            return Phase.CLOSED
        return Phase.HALF_OPEN if now >= self._retry_at else Phase.OPEN

    def admit(self, now: float) -> int:
        """A ticket if a call may be made at second `now`, else 0; in the half-open phase the caller is the probe."""
        if self._retry_at is None:
            return self.ticket
        if now < self._retry_at:
            return 0
        if self._probe_since is not None and now - self._probe_since < self._patience:
            return 0
        self._probe_since = now
        self.ticket += 1
        return self.ticket

    def succeeded(self, ticket: int) -> None:
        """A call was answered; a probe's answer closes the breaker."""
        if ticket != self.ticket:
            return
        self._in_a_row = 0
        self.is_quiet = True
        if self._retry_at is not None:
            self._retry_at = self._probe_since = None
            self._counted_at = -math.inf
            self._rests = 0
            self.ticket += 1

    def failed(self, ticket: int, now: float) -> None:
        """A call was not answered, as was clear at second `now`."""
        if ticket != self.ticket:
            return
        self.is_quiet = False
        if self._retry_at is not None:
            self._open(now)
        elif now - self._counted_at >= self._spacing:
            self._counted_at = now
            self._in_a_row += 1
            if self._in_a_row >= self._failures:
                self._open(now)

    def abandoned(self, ticket: int) -> None:
        """A call ended without an outcome (its caller left): another one may probe."""
        if ticket == self.ticket:
            self._probe_since = None

    def _open(self, now: float) -> None:
        """Rest, longer each time."""
        self._retry_at = now + min(self._longest_rest, self._rest * 2.0 ** min(self._rests, 32))
        self._probe_since = None
        self._rests += 1
        self.ticket += 1
        self.opened += 1
