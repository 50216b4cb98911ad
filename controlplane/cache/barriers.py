"""Barriers: for each tag the newest soft and hard purge; an entry is valid only if none is later than its as-of.

Pure. Numbers only grow within an epoch. When the epoch changes, purges may have been lost: what was cached before is
`LOST` (soft), unless a barrier that is still known says `HARD`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import NamedTuple

from controlplane.domain.purge_log import NOWHERE, Barrier, Kind, Position, Purge

_KEPT_EPOCHS = 8
_FOR_GOOD = 2**62
_Lattice = dict[str, tuple[int, int]]


class Standing(enum.Enum):
    """What the purges say about an entry, worst last."""

    VALID = 0
    SOFT = 1
    LOST = 2
    HARD = 3


class _History(NamedTuple):
    """A former epoch: the number at which it began, and its barriers."""

    base: int
    known: _Lattice


class Barriers:
    """All that this process has applied. `generation` changes whenever some entry's standing may have changed."""

    def __init__(self) -> None:
        self.position = NOWHERE
        self.generation = 0
        self._base = 0
        self._lost_below = 0
        self._known: _Lattice = {}
        self._former: dict[str, _History] = {}
        self._forgotten: set[str] = set()

    def apply(self, purge: Purge) -> bool:
        """Take a purge; advance if it is the next one. False: some before it are missing, or it is of an epoch not
        adopted yet.

        Everything that this epoch cached began before any purge of a later epoch, so such a one raises the barrier for
        good.
        """
        number = purge.position.n if purge.position.epoch == self.position.epoch else _FOR_GOOD
        for tag in purge.tags:
            if purge.kind is Kind.SOFT:
                self._raise(tag, number, 0)
            else:
                self._raise(tag, 0, number)
        self.generation += 1
        if number == self.position.n + 1:
            self.position = Position(self.position.epoch, number)
        return number <= self.position.n

    def adopt(self, position: Position, base: int, barriers: Iterable[Barrier]) -> None:
        """A new epoch, which began at number `base` and is at `position`: all that was cached before is in doubt."""
        self._former[self.position.epoch] = _History(self._base, self._known)
        while len(self._former) > _KEPT_EPOCHS:
            oldest = next(iter(self._former))
            del self._former[oldest]
            self._forgotten.add(oldest)
        self._known = {}
        self._base, self._lost_below = base, 0
        self._merge(barriers)
        self.position = position
        self.generation += 1

    def lose(self, n: int, barriers: Iterable[Barrier]) -> None:
        """A gap: purges up to `n` were not all heard. What was cached before `n` is in doubt from now on."""
        self._merge(barriers)
        self._lost_below = max(self._lost_below, n)
        self.position = Position(self.position.epoch, max(self.position.n, n))
        self.generation += 1

    def standing(self, tags: tuple[str, ...], as_of: Position) -> Standing:
        """The worst over the tags."""
        if as_of.epoch != self.position.epoch:
            return self._standing_of_former(tags, as_of)
        worst = Standing.LOST if as_of.n < self._lost_below else Standing.VALID
        known = self._known
        for tag in tags:
            barrier = known.get(tag)
            if barrier is None:
                continue
            if barrier[1] > as_of.n:
                return Standing.HARD
            if barrier[0] > as_of.n and worst is Standing.VALID:
                worst = Standing.SOFT
        return worst

    def _standing_of_former(self, tags: tuple[str, ...], as_of: Position) -> Standing:
        """An entry of another epoch: hard if a purge of its own epoch or of any later one says so; else in doubt."""
        if as_of.epoch in self._forgotten:
            return Standing.HARD
        own = self._former.get(as_of.epoch)
        if own is not None and _removed(own.known, tags, as_of.n):
            return Standing.HARD
        # Purges of a later epoch come after the entry whatever their numbers; those below its base, by number.
        after = own is None
        for epoch, history in self._former.items():
            if after and _removed(history.known, tags, min(as_of.n, history.base)):
                return Standing.HARD
            after = after or epoch == as_of.epoch
        if _removed(self._known, tags, min(as_of.n, self._base)):
            return Standing.HARD
        return Standing.LOST

    def _merge(self, barriers: Iterable[Barrier]) -> None:
        for barrier in barriers:
            self._raise(barrier.tag, barrier.soft, barrier.hard)

    def _raise(self, tag: str, soft: int, hard: int) -> None:
        """Both numbers only grow."""
        known = self._known.get(tag, (0, 0))
        self._known[tag] = (max(known[0], soft), max(known[1], hard))


def _removed(known: _Lattice, tags: Iterable[str], after: int) -> bool:
    """Whether a hard barrier of any of the tags is later than `after`."""
    return any(known[tag][1] > after for tag in tags if tag in known)
