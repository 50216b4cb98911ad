"""Records: stamped values that several regions hold, and what a region that votes on them says of itself."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from controlplane.domain import keys

PARTITIONS = 64
"""A record lives in one partition; what must change in one step (later: with its outbox entry) is in one slot."""

MAX_FAST_US = 1_000_000
"""A stamp further ahead of a server's clock than this comes from an unsafe clock and is refused."""

MAX_DELIVERY_US = 24 * 3600 * 1_000_000
"""How long a removal's stamp is kept after every voter has it. A request older than half of it is refused, so that
nothing that was under way before the removal can arrive after the stamp is forgotten, nor clocks apart matter."""


class Stamp(NamedTuple):
    """When and by whom a record was written; totally ordered. `hlc`: microseconds of a hybrid logical clock.

    Two writes never share one: a writer's numbers only grow, and its name is drawn at its start. (Kulkarni et al.,
    Logical Physical Clocks, 2014; here the logical part counts microseconds on.)
    """

    hlc: int
    region: str
    writer: str


ZERO = Stamp(0, "", "")
"""Below every stamp: nothing was ever written."""


class Record(NamedTuple):
    """One stamped value; `payload` None is a removal. `settled`: a removal that every voter is known to have."""

    stamp: Stamp
    payload: bytes | None
    settled: bool = False


class State(enum.Enum):
    """Whether a voter votes. LOST: it does not remember (never founded, emptied, restarted, replaced, rolled back);
    FOUNDING: founded, not opened yet; CATCHING: it takes writes and copies, and does not vote yet."""

    LOST = "lost"
    FOUNDING = "founding"
    CATCHING = "catching"
    VOTING = "voting"


class Standing(NamedTuple):
    """What a voter says of itself: its state, its incarnation (one more each time that it lost its memory), and the
    newest incarnation of each voter that it has heard of."""

    state: State
    incarnation: int
    view: Mapping[str, int]


NO_STANDING = Standing(State.LOST, 0, {})


class Refusal(enum.Enum):
    """Why a voter does not even compare: the stamp is ahead of its clock, or the request was under way too long."""

    UNSAFE_CLOCK = "unsafe clock"
    LATE = "late"


class Reply(NamedTuple):
    """A voter's answer: `record` is what it holds now for the key, None for nothing (or where it refused)."""

    standing: Standing
    record: Record | None = None
    refusal: Refusal | None = None


class Verb(enum.Enum):
    """What may be done to a voter's standing."""

    LOOK = "look"
    FOUND = "found"
    OPEN = "open"
    REGISTER = "register"
    BEGIN = "begin"
    FINISH = "finish"


class Change(NamedTuple):
    """One step of a voter's standing.

    FOUND: a voter that holds nothing begins its first incarnation. OPEN: a founded voter votes, with the `token` that
    its FOUND was answered with (again, while it is FOUNDING). REGISTER: hear that
    `region` begins incarnation `n`; done only if that is newer than what was heard. BEGIN: this voter begins
    incarnation `n`, if that is newer than its own, knowing `view`; what it did not lose it keeps, all else is wiped.
    FINISH: incarnation `n` has caught up, knows `view` and votes; only with the `token` that its BEGIN was answered
    with, so that what was sent before another loss cannot end the catching up after it.
    """

    verb: Verb
    n: int = 0
    region: str = ""
    view: Mapping[str, int] = {}
    token: str = ""


class Told(NamedTuple):
    """A voter's answer to a change or to a page: `done` says whether it was made.

    `records` are (name, record) pairs, a part of its partition; `cursor` asks for the next part, "0" after the last.
    `token`: the answer to FOUND or BEGIN, which no later one is answered with.
    """

    standing: Standing
    done: bool = True
    cursor: str = "0"
    records: tuple[tuple[str, Record], ...] = ()
    token: str = ""


def name_of(key: str) -> str:
    """The name under which stores keep a key: safe, at most 512 characters, never the same for two keys."""
    return keys.encode(key)


def partition_of(key: str) -> int:
    """The partition of a key: the same in every region and release."""
    return hashlib.blake2b(name_of(key).encode(), digest_size=1).digest()[0] % PARTITIONS


def merged(*views: Mapping[str, int]) -> dict[str, int]:
    """The newest incarnation of each voter in any of `views`."""
    found: dict[str, int] = {}
    for view in views:
        for region, n in view.items():
            if n > found.get(region, 0):
                found[region] = n
    return found
