"""A lease without clocks in common: it is lost when its counter has not moved for a TTL of the OBSERVER's own time."""

from __future__ import annotations

import json
from dataclasses import dataclass

TTL_SECONDS = 6.0
RENEW_SECONDS = 2.0
NOBODY = ""


@dataclass(frozen=True)
class Lease:
    """Who may act. `counter` grows with every renewal and change of holder: it is the fencing token.

    `holder` is unique to a process: a restarted agent is another holder. NOBODY: it was given back.
    """

    holder: str
    counter: int

    def to_json(self) -> str:
        """The stored form."""
        return json.dumps({"holder": self.holder, "counter": self.counter})

    @classmethod
    def from_json(cls, text: str | None) -> Lease | None:
        """Read the stored form; None for none. Raises ValueError for anything else."""
        if text is None:
            return None
        try:
            body = json.loads(text)
            return cls(str(body["holder"]), int(body["counter"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a lease: {text[:80]!r}") from error


@dataclass(frozen=True)
class Sighting:
    """A lease as an observer last saw it change, on the observer's monotonic clock."""

    lease: Lease | None
    since: float


def sighted(before: Sighting | None, lease: Lease | None, now: float) -> Sighting:
    """The observer's sighting after reading `lease`; `now` is taken when the answer is there, never before asking."""
    if before is not None and before.lease == lease:
        return before
    return Sighting(lease, now)


def may_take(sighting: Sighting, me: str, now: float) -> bool:
    """Whether `me` may write the lease: nobody holds it, I do, or its counter stood still for the whole TTL."""
    lease = sighting.lease
    return lease is None or lease.holder in (me, NOBODY) or now - sighting.since >= TTL_SECONDS


def is_held(asked_at: float, now: float) -> bool:
    """Whether the holder may still act at `now`, who asked for its last renewal at `asked_at` (its own clock).

    Whoever watches counts the TTL from an instant after that renewal, so the holder stops first.
    """
    return now - asked_at < TTL_SECONDS


def taken(lease: Lease | None, me: str) -> Lease:
    """The lease after `me` takes or renews it."""
    return Lease(me, (lease.counter if lease else 0) + 1)


def given_back(lease: Lease) -> Lease:
    """The lease after its holder ended in good order: whoever comes next need not wait."""
    return Lease(NOBODY, lease.counter + 1)
