"""Barriers: for each tag the newest soft and hard purge; an entry is valid only if none is later than its as-of.

Pure. Numbers only grow within an epoch. When the epoch changes, purges may have been lost: what was cached before is
`LOST` (soft), unless a barrier that is still known says `HARD`. A purge that the log has not taken yet acts here by its
own order. A barrier may be forgotten once everything that it could hold back has outlived its physical life.
"""

from __future__ import annotations

import enum
import itertools
import math
from collections.abc import Iterable
from typing import NamedTuple

from controlplane.domain.purge_log import NOWHERE, Barrier, Kind, Position, Purge

_KEPT_EPOCHS = 8
_FOR_GOOD = 2**62
_TOUCHED = 1_000


class _Mark(NamedTuple):
    """The newest soft and hard purge of a tag, and the monotonic second at which this process last heard of one."""

    soft: int = 0
    hard: int = 0
    at: float = -math.inf


_NONE = _Mark()
_Lattice = dict[str, _Mark]


class Standing(enum.Enum):
    """What the purges say about an entry, worst last."""

    VALID = 0
    SOFT = 1
    LOST = 2
    HARD = 3


class _History(NamedTuple):
    """A former epoch: the number at which it began, its barriers, and when it ended here."""

    base: int
    known: _Lattice
    until: float


class Barriers:
    """All that this process has applied. `generation` changes whenever some entry's standing may have changed for the
    worse. `now` is always a monotonic second of this process. What was found valid at generation `touched_since` or
    later still is if it has none of the tags `touched`. `known` and `owed` are this epoch's barriers and those that
    the log has not taken, by tag; what began below `lost_below` is in doubt.
    """

    def __init__(self) -> None:
        self.position = NOWHERE
        self.generation = self.touched_since = 0
        self.touched: set[str] = set()
        self._base = 0
        self.lost_below = 0
        # Ordered by the last raise, so that forgetting looks at the oldest only.
        self.known: _Lattice = {}
        self.owed: _Lattice = {}
        self._former: dict[str, _History] = {}
        self._forgotten: set[str] = set()

    def apply(self, purge: Purge, now: float = 0.0) -> bool:
        """Take a purge; advance if it is the next one. False: some before it are missing, or it is of an epoch not
        adopted yet.

        Everything that this epoch cached began before any purge of a later epoch, so such a one raises the barrier for
        good.
        """
        number = purge.position.n if purge.position.epoch == self.position.epoch else _FOR_GOOD
        for tag, mark in zip(purge.tags, purge.marks or (number,) * len(purge.tags), strict=True):
            if purge.kind is Kind.SOFT:
                _raise(self.known, tag, _Mark(mark, 0, now))
            else:
                _raise(self.known, tag, _Mark(0, mark, now))
        self._touch(purge.tags)
        if number == self.position.n + 1:
            self.position = self.position._replace(n=number)
        return number <= self.position.n

    def owe(self, tags: Iterable[str], kind: Kind, now: float = 0.0) -> Position:
        """A purge that the log has not taken: from here on it acts in this process, and what is loaded later is not
        touched by it. Its place among such purges is the answer's `owed`.
        """
        self.position = self.position._replace(owed=self.position.owed + 1)
        number = self.position.owed
        wanted = tuple(tags)
        for tag in wanted:
            _raise(self.owed, tag, _Mark(number, 0, now) if kind is Kind.SOFT else _Mark(0, number, now))
        self._touch(wanted)
        return Position("", 0, number)

    def settle(self, owed: Position, tags: Iterable[str]) -> None:
        """The log has taken the purge that was `owed`, and it was applied under its number: forget the debt's mark."""
        for tag in tags:
            mark = self.owed.get(tag, _NONE)
            if max(mark.soft, mark.hard) <= owed.owed:
                self.owed.pop(tag, None)

    def adopt(self, position: Position, base: int, barriers: Iterable[Barrier], now: float = 0.0) -> None:
        """A new epoch, which began at number `base` and is at `position`: all that was cached before is in doubt."""
        self._former[self.position.epoch] = _History(self._base, self.known, now)
        while len(self._former) > _KEPT_EPOCHS:
            self._forget_epoch(next(iter(self._former)))
        self.known = {}
        self._base, self.lost_below = base, 0
        _merge(self.known, barriers, now)
        self.position = position._replace(owed=self.position.owed)
        self._touch(None)

    def lose(self, n: int, barriers: Iterable[Barrier], now: float = 0.0) -> None:
        """A gap: purges up to `n` were not all heard. What was cached before `n` is in doubt from now on."""
        _merge(self.known, barriers, now)
        self.lost_below = max(self.lost_below, n)
        self.position = self.position._replace(n=max(self.position.n, n))
        self._touch(None)

    def forget(self, before: float) -> int:
        """Forget what was last raised before monotonic second `before`; how many barriers that were.

        Sound only if everything whose load began before then is past its physical life and no fill of it may still be
        on its way.
        """
        old = [tag for tag, _ in itertools.takewhile(lambda item: item[1].at < before, self.known.items())]
        for tag in old:
            del self.known[tag]
        for epoch in [epoch for epoch, history in self._former.items() if history.until < before]:
            self._forget_epoch(epoch)
        return len(old)

    def removed(self) -> list[Barrier]:
        """The hard barriers of this epoch."""
        return [Barrier(tag, 0, mark.hard) for tag, mark in self.known.items() if mark.hard]

    def raised_at(self, tags: Iterable[str]) -> float:
        """The monotonic second at which a barrier of one of the tags was last raised (-inf: none is known)."""
        known, owed = self.known, self.owed
        return max((max(known.get(tag, _NONE).at, owed.get(tag, _NONE).at) for tag in tags), default=-math.inf)

    def standing(self, tags: tuple[str, ...], as_of: Position) -> Standing:
        """The worst over the tags."""
        worst = Standing.VALID if not self.owed else _worst(self.owed, tags, as_of.owed)
        if worst is Standing.HARD:
            return worst
        if as_of.epoch != self.position.epoch:
            return self._standing_of_former(tags, as_of)
        if as_of.n < self.lost_below:
            worst = Standing.LOST
        known = self.known
        if known.keys().isdisjoint(tags):
            return worst
        for tag in tags:
            barrier = known.get(tag)
            if barrier is None:
                continue
            if barrier.hard > as_of.n:
                return Standing.HARD
            if barrier.soft > as_of.n and worst is Standing.VALID:
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
            if after and _removed(history.known, tags, _comparable(as_of.n, history.base, own)):
                return Standing.HARD
            after = after or epoch == as_of.epoch
        if _removed(self.known, tags, _comparable(as_of.n, self._base, own)):
            return Standing.HARD
        return Standing.LOST

    def _touch(self, tags: Iterable[str] | None) -> None:
        """A new generation, in which only entries with these tags may be worse off than before (None: any)."""
        if tags is None or len(self.touched) > _TOUCHED:
            self.touched = set()
            self.touched_since = self.generation
        self.generation += 1
        if tags is None:
            self.touched_since = self.generation
        else:
            self.touched.update(tags)

    def _forget_epoch(self, epoch: str) -> None:
        """What is of this epoch is treated as removed from now on."""
        del self._former[epoch]
        self._forgotten.add(epoch)


def _comparable(n: int, base: int, own: _History | None) -> int:
    """An entry's number as an epoch that began at `base` compares it. One beyond the base, of an epoch that we never
    followed, was numbered by nobody whom this epoch knows: every barrier counts as later."""
    return n if n <= base else base if own is not None else 0


def _raise(lattice: _Lattice, tag: str, mark: _Mark) -> None:
    """All three only grow; the tag becomes the last one."""
    known = lattice.pop(tag, _NONE)
    lattice[tag] = _Mark(max(known.soft, mark.soft), max(known.hard, mark.hard), max(known.at, mark.at))


def _merge(lattice: _Lattice, barriers: Iterable[Barrier], now: float) -> None:
    """Raise all that a log holds."""
    for barrier in barriers:
        _raise(lattice, barrier.tag, _Mark(barrier.soft, barrier.hard, now))


def _worst(lattice: _Lattice, tags: Iterable[str], after: int) -> Standing:
    """The worst over the tags' purges later than `after`."""
    worst = Standing.VALID
    for tag in tags:
        mark = lattice.get(tag, _NONE)
        if mark.hard > after:
            return Standing.HARD
        if mark.soft > after:
            worst = Standing.SOFT
    return worst


def _removed(known: _Lattice, tags: Iterable[str], after: int) -> bool:
    """Whether a hard barrier of any of the tags is later than `after`."""
    return any(known[tag].hard > after for tag in tags if tag in known)
