"""A register that three buckets hold and any two of them decide: CASPaxos, pure.

Each bucket object is an acceptor; a conditional PUT makes its read-modify-write atomic. A change goes through two
rounds (prepare, accept), each of which a majority must answer. Source: Denis Rystsov, "CASPaxos: Replicated State
Machines without logs" (arXiv:1802.07000).

Invariant: once a majority has accepted a value under one ballot, every later ballot's prepare round meets at least
one acceptor that holds it, so no later change can start from an older value.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

NO_PROPOSER = ""


@dataclass(frozen=True, order=True)
class Ballot:
    """A round's number: totally ordered, unique to its proposer."""

    counter: int
    proposer: str


ZERO = Ballot(0, NO_PROPOSER)


@dataclass(frozen=True)
class Acceptor:
    """What one bucket object holds. `value` is None while nothing was ever accepted."""

    promised: Ballot = ZERO
    accepted: Ballot = ZERO
    value: str | None = None

    def to_json(self) -> str:
        """The object's body."""
        return json.dumps(
            {
                "schema": "wedcache.register/1",
                "promised": [self.promised.counter, self.promised.proposer],
                "accepted": [self.accepted.counter, self.accepted.proposer],
                "value": self.value,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Acceptor:
        """Read an object's body. Raises ValueError for anything else."""
        body = json.loads(text)
        if not isinstance(body, dict) or body.get("schema") != "wedcache.register/1":
            raise ValueError("not a wedcache.register/1 object")
        return cls(Ballot(*body["promised"]), Ballot(*body["accepted"]), body["value"])


def prepare(acceptor: Acceptor, ballot: Ballot) -> Acceptor | None:
    """The acceptor after promising `ballot`; None if it promised a later one."""
    if ballot <= acceptor.promised:
        return None
    return Acceptor(ballot, acceptor.accepted, acceptor.value)


def accept(acceptor: Acceptor, ballot: Ballot, value: str | None) -> Acceptor | None:
    """The acceptor after accepting `value`; None if it promised a later ballot."""
    if ballot < acceptor.promised:
        return None
    return Acceptor(ballot, ballot, value)


def chosen(promises: Sequence[Acceptor]) -> str | None:
    """The value that a majority's promises oblige the proposer to start from."""
    return max(promises, key=lambda acceptor: acceptor.accepted).value


def decided(acceptors: Sequence[Acceptor], majority: int) -> tuple[bool, str | None]:
    """Whether a majority shows one accepted ballot with no later promise, and its value: a read without a write."""
    newest = max(acceptors, key=lambda acceptor: acceptor.accepted)
    agreeing = [a for a in acceptors if a.accepted == newest.accepted and a.promised <= a.accepted]
    return len(agreeing) >= majority, newest.value


def next_ballot(seen: Sequence[Acceptor], proposer: str) -> Ballot:
    """A ballot above everything seen."""
    highest = max((acceptor.promised.counter for acceptor in seen), default=0)
    return Ballot(highest + 1, proposer)
