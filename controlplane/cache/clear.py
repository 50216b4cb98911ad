"""Quick looks at the purges, which spare most entries a look at their tags one by one. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from controlplane.cache.barriers import Barriers
from controlplane.domain.purge_log import Position


def is_clear(barriers: Barriers, tags: Iterable[str]) -> bool:
    """Whether no purge of any of these tags is known in this epoch, and none is owed. It holds for this generation."""
    return not barriers.owed and barriers.known.keys().isdisjoint(tags)


def is_untouched(barriers: Barriers, tag: str, as_of: Position) -> bool:
    """Whether neither a purge of this tag nor anything else puts what began at `as_of` in doubt.

    It is valid, if its other tags are clear.
    """
    if as_of.n < barriers.lost_below or as_of.epoch != barriers.position.epoch:
        return False
    mark = barriers.known.get(tag)
    return mark is None or (mark.soft <= as_of.n and mark.hard <= as_of.n)
