"""The history checker of G1 and G5: pure, over the events of several processes on one monotonic clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from typing import Any

from tests.cache.peer import KEYS, tag_of

Event = dict[str, Any]


class Bound:
    """For purges in the order of one of their numbers: the newest version that must be seen after each."""

    def __init__(self, purges: Iterable[Event], number: Callable[[Event], float], version: Callable[[Event], int]):
        ordered = sorted(purges, key=number)
        self._numbers = [number(purge) for purge in ordered]
        self._best: list[tuple[int, Event]] = []
        for purge in ordered:
            own = (version(purge), purge)
            self._best.append(max(self._best[-1], own, key=lambda one: one[0]) if self._best else own)

    def up_to(self, number: float) -> tuple[int, Event] | None:
        """The newest version among the purges whose number is at most `number`, and its purge."""
        found = bisect_right(self._numbers, number)
        return self._best[found - 1] if found else None

    def before(self, number: float) -> tuple[int, Event] | None:
        """The same for numbers below `number`."""
        found = bisect_left(self._numbers, number)
        return self._best[found - 1] if found else None


def violations(events: list[Event]) -> list[str]:
    """What must never happen, as sentences, at most two for each read.

    G1: a hit that had applied purge P of its tag (soft or hard), or a stale answer that had applied a hard one, with a
    version older than what was committed before P. G5: any answer begun after a removal was complete, with such a
    version.
    """
    return [sentence for key in KEYS for sentence in _of_key(key, events)]


def _of_key(key: str, events: list[Event]) -> Iterable[str]:
    """The violations of one key's reads."""
    purges = [event for event in events if event["do"] in ("remove", "expire") and tag_of(event["key"]) == tag_of(key)]
    own = Bound((p for p in purges if p["key"] == key), lambda p: p["began"], lambda p: int(p["version"]))

    def committed(purge: Event) -> int:
        """The newest version of `key` that was surely committed before `purge` was appended: its own, or one whose own
        purge had begun (and so had been committed) by then."""
        found = own.up_to(purge["began"])
        return found[0] if found else 0

    removals = [purge for purge in purges if purge["do"] == "remove"]
    by_any = Bound(purges, lambda p: p["n"], committed)
    by_removal = Bound(removals, lambda p: p["n"], committed)
    complete = Bound((p for p in removals if p["done"] is not None), lambda p: p["done"], committed)
    for read in (event for event in events if event["do"] == "read" and event["key"] == key):
        applied = (by_removal if read["status"] == "stale" else by_any).up_to(read["applied"])
        if applied and read["version"] < applied[0]:
            yield f"{read} had applied {applied[1]}, before which version {applied[0]} was committed"
        done = complete.before(read["began"])
        if done and read["version"] < done[0]:
            yield f"{read} began after {done[1]} was complete"
