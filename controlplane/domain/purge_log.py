"""The purge log's nouns: positions, purges, beats, members, and when a purge is complete.

One log per region and scope. It numbers purges densely (1, 2, 3, ...) within an epoch; a new epoch begins whenever
the log may have lost purges. No clock takes part in the order.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Kind(enum.Enum):
    """`SOFT` expires (the value may still be served as stale), `HARD` removes (it may never be served again)."""

    SOFT = "soft"
    HARD = "hard"


class Position(NamedTuple):
    """A place in the log: everything up to and including purge `n` of `epoch`.

    `owed` counts this process's own purges that the log has not taken yet, in their order; other processes never see
    it.
    """

    epoch: str
    n: int
    owed: int = 0


NOWHERE = Position("", 0)


@dataclass(frozen=True, slots=True)
class Purge:
    """One entry of the log. `tags` are as stored; `position.n` is its number.

    `marks` are the barriers that it raises, tag by tag, where they are not its own number: removals of a lost epoch
    that were put back under the numbers that they had.
    """

    position: Position
    kind: Kind
    tags: tuple[str, ...]
    marks: tuple[int, ...] = ()

    @property
    def owed(self) -> bool:
        """Whether the log has not taken it yet: it acts in its own process and is kept on disk."""
        return not self.position.epoch


@dataclass(frozen=True, slots=True)
class Beat:
    """What the log answered to a heartbeat.

    `n` is the newest purge, `oldest` the oldest still in the log (0: none), `base` the number at which this epoch
    began, `log_time` the log server's own time in unix seconds.
    """

    epoch: str
    n: int
    base: int
    oldest: int
    log_time: float


@dataclass(frozen=True, slots=True)
class Barrier:
    """The newest soft and hard purge of one tag (0: never)."""

    tag: str
    soft: int
    hard: int


@dataclass(frozen=True, slots=True)
class Member:
    """One process that follows the log: what it confirmed, and for how many seconds the log has not heard from it."""

    name: str
    position: Position
    unseen_for: float


@dataclass(frozen=True, slots=True)
class Roll:
    """All members, and the log's epoch now."""

    epoch: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """Whether no process can return an older value any more, who confirmed, and who is still waited for.

    `lost`: the log began anew since, and may not hold the purge.
    """

    complete: bool
    confirmed: tuple[str, ...]
    waiting_for: tuple[str, ...]
    lost: bool = False


def completion(purge: Purge, roll: Roll, *, waited: float, blind_max: float, absent: Sequence[str] = ()) -> Completion:
    """Judge a purge: complete when every member confirmed it, or was blind for longer than blind memory may answer.

    `waited` is seconds of elapsed time since the purge was appended, `blind_max` the longest that a process which
    cannot hear the log may serve what it has. `absent` names members of a roll that was lost with its log: who is not
    on the new one may still be blind. A purge whose epoch is over is `lost`: the log may not hold it, append
    it again.
    """
    if roll.epoch != purge.position.epoch:
        return Completion(False, (), tuple(member.name for member in roll.members), lost=True)
    present = {member.name for member in roll.members}
    confirmed, waiting = [], [name for name in absent if name not in present and waited <= blind_max]
    for member in roll.members:
        if member.position.epoch == purge.position.epoch and member.position.n >= purge.position.n:
            confirmed.append(member.name)
        elif member.unseen_for <= blind_max and waited <= blind_max:
            waiting.append(member.name)
    return Completion(not waiting, tuple(confirmed), tuple(waiting))


def describe(waiting_for: Sequence[str]) -> str:
    """Member names for an error message, at most five of them."""
    shown = ", ".join(waiting_for[:5])
    return shown if len(waiting_for) <= 5 else f"{shown} and {len(waiting_for) - 5} more"
