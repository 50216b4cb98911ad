"""A register that three buckets hold and any two of them decide: CASPaxos, pure.

Each bucket object is an acceptor; a conditional PUT makes its read-modify-write atomic. A change goes through two
rounds (prepare, accept), each of which a majority must answer. Source: Denis Rystsov, "CASPaxos: Replicated State
Machines without logs" (arXiv:1802.07000).

Invariant: once a majority has accepted a state under one ballot, every later ballot's prepare round meets at least
one acceptor that holds it, so no later change can start from an older state.

A change whose accept round was outvoted may still be taken up by somebody else, so trying again could apply it twice.
Therefore a state carries the marks of the last changes: whoever tries again looks for its own mark first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

NO_PROPOSER = ""
MARKS_KEPT = 32

Update = Callable[[str | None], str | None]


class Forgotten(Exception):
    """More changes happened since than marks are kept: whether ours is among them can no longer be seen."""


@dataclass(frozen=True, order=True)
class Ballot:
    """A round's number: totally ordered, unique to its proposer."""

    counter: int
    proposer: str


ZERO = Ballot(0, NO_PROPOSER)


@dataclass(frozen=True)
class State:
    """What the register holds. `value` is None while nothing was ever written.

    `changes` counts all changes that led here, `marks` names the last of them, oldest first.
    """

    value: str | None = None
    changes: int = 0
    marks: tuple[str, ...] = ()

    def changed(self, value: str | None, mark: str) -> State:
        """The state after one more change."""
        return State(value, self.changes + 1, (*self.marks, mark)[-MARKS_KEPT:])

    def holds(self, mark: str, at: int) -> bool:
        """Whether the change `mark`, proposed as number `at`, is part of this state. Raises Forgotten."""
        if mark in self.marks:
            return True
        if at <= self.changes - len(self.marks):
            raise Forgotten
        return False


@dataclass(frozen=True)
class Acceptor:
    """What one bucket object holds."""

    promised: Ballot = ZERO
    accepted: Ballot = ZERO
    state: State = State()

    def to_json(self) -> str:
        """The object's body."""
        return json.dumps(
            {
                "schema": "wedcache.register/1",
                "promised": [self.promised.counter, self.promised.proposer],
                "accepted": [self.accepted.counter, self.accepted.proposer],
                "value": self.state.value,
                "changes": self.state.changes,
                "marks": list(self.state.marks),
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> Acceptor:
        """Read an object's body. Raises ValueError for anything else."""
        body = json.loads(text)
        if not isinstance(body, dict) or body.get("schema") != "wedcache.register/1":
            raise ValueError("not a wedcache.register/1 object")
        try:
            value, changes, marks = body["value"], body["changes"], body["marks"]
            if value is not None and not isinstance(value, str):
                raise ValueError("the value is neither a text nor null")
            state = State(value, int(changes), tuple(str(mark) for mark in marks))
            return cls(_ballot(body["promised"]), _ballot(body["accepted"]), state)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a whole wedcache.register/1 object: {error}") from error


def _ballot(pair: Sequence[object]) -> Ballot:
    counter, proposer = pair
    if type(counter) is not int or not isinstance(proposer, str):
        raise ValueError(f"{pair!r} is not a ballot")
    return Ballot(counter, proposer)


def prepare(acceptor: Acceptor, ballot: Ballot) -> Acceptor | None:
    """The acceptor after promising `ballot`; None if it promised this one or a later one before."""
    if ballot <= acceptor.promised:
        return None
    return Acceptor(ballot, acceptor.accepted, acceptor.state)


def accept(acceptor: Acceptor, ballot: Ballot, state: State) -> Acceptor | None:
    """The acceptor after accepting `state`; None if it promised a later ballot."""
    if ballot < acceptor.promised:
        return None
    return Acceptor(ballot, ballot, state)


def chosen(promises: Sequence[Acceptor]) -> State:
    """The state that a majority's promises oblige the proposer to start from."""
    return max(promises, key=lambda acceptor: acceptor.accepted).state


def decided(acceptors: Sequence[Acceptor], majority: int) -> tuple[bool, str | None]:
    """Whether a majority shows one accepted ballot, and its value: a read without a write.

    A promise for a later ballot does not matter: had that ballot been decided before the read began, the majority that
    answered would show it.
    """
    newest = max(acceptors, key=lambda acceptor: acceptor.accepted)
    agreeing = [acceptor for acceptor in acceptors if acceptor.accepted == newest.accepted]
    return len(agreeing) >= majority, newest.state.value


def next_ballot(seen: Sequence[Acceptor], proposer: str) -> Ballot:
    """A ballot above everything seen."""
    highest = max((acceptor.promised.counter for acceptor in seen), default=0)
    return Ballot(highest + 1, proposer)


@dataclass
class Change:
    """One change through as many rounds as it takes; it is part of the register at most once.

    `mark` is unique to this change. After an accept round that a majority took, `result()` gives the outcome.
    """

    mark: str
    update: Update
    _tried: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    _value: str | None = None
    _refused: Exception | None = None

    @property
    def was_proposed(self) -> bool:
        """Whether an accept round was begun: somebody may take up what it proposed."""
        return bool(self._tried)

    def propose(self, promises: Sequence[Acceptor]) -> State:
        """What to have accepted, from a majority's promises. Raises Forgotten, and what `update` raises.

        If an earlier round's proposal was taken up, or if `update` raises now, the state is proposed as it is: only
        then is an earlier proposal of ours certainly in, or certainly out.
        """
        state = chosen(promises)
        for mark, (at, value) in self._tried.items():
            if state.holds(mark, at):
                self._value, self._refused = value, None
                return state
        try:
            value = self.update(state.value)
        except Exception as error:
            if not self._tried:
                raise
            self._refused = error
            return state
        self._value, self._refused = value, None
        if value == state.value:
            return state
        mark = f"{self.mark}.{len(self._tried)}"
        self._tried[mark] = (state.changes + 1, value)
        return state.changed(value, mark)

    def result(self) -> str | None:
        """The value that this change wrote. Raises what `update` raised."""
        if self._refused is not None:
            raise self._refused
        return self._value
