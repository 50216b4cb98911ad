"""Linearizability of one key's history with unique values, by zones.

Gibbons and Korach, Testing Shared Memories, SIAM J. Comput. 26 (1997): a write and the reads of its value are a
cluster; its zone spans from the earliest end to the latest beginning. A history is linearizable exactly if no two
forward zones overlap and no backward zone lies inside a forward one. A write whose end nobody knows may have happened:
it counts only if somebody read it, and it ends never.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

INITIAL = None
NEVER = math.inf


class Write(NamedTuple):
    """`end` NEVER: it may have happened. `is_sure`: it was acknowledged. `is_void`: it was said to be none."""

    value: Hashable
    start: float
    end: float
    is_sure: bool = True
    is_void: bool = False


class Read(NamedTuple):
    """A read that answered; INITIAL for nothing written."""

    value: Hashable
    start: float
    end: float


@dataclass
class History:
    """What happened to one key."""

    writes: list[Write] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)

    def violations(self) -> list[str]:
        """Why it is not linearizable, as sentences; none if it is."""
        return list(_violations(self.writes, self.reads))


class _Zone(NamedTuple):
    low: float
    high: float
    value: Hashable


def _violations(writes: Iterable[Write], reads: Iterable[Read]) -> Iterable[str]:
    known = {write.value: write for write in writes}
    ends: dict[Hashable, float] = {INITIAL: -math.inf}
    starts: dict[Hashable, float] = {INITIAL: -math.inf}
    for write in known.values():
        if write.is_sure:
            ends[write.value], starts[write.value] = write.end, write.start
    for read in reads:
        source = known.get(read.value) if read.value is not INITIAL else Write(INITIAL, -math.inf, -math.inf)
        if source is None:
            yield f"{read} is of a value that nobody wrote"
            continue
        if source.is_void:
            yield f"{read} is of {source}, which was said not to have happened"
        if read.end < source.start:
            yield f"{read} ended before {source} began"
        ends[read.value] = min(ends.get(read.value, source.end), read.end)
        starts[read.value] = max(starts.get(read.value, source.start), read.start)
    yield from _clashes([_Zone(ends[one], starts[one], one) for one in ends])


def _clashes(zones: list[_Zone]) -> Iterable[str]:
    """Forward zones (which begin at the earlier end) must be apart, backward ones not within any of them."""
    forward = sorted((zone for zone in zones if zone.low < zone.high), key=lambda zone: zone.low)
    for before, after in itertools.pairwise(forward):
        if after.low < before.high:
            yield f"{after} overlaps {before}: each was read before and after the other"
    lows = [zone.low for zone in forward]
    for end, start, value in (zone for zone in zones if zone.low >= zone.high):
        at = bisect_left(lows, start) - 1
        if at >= 0 and end < forward[at].high:
            yield f"{value!r}, from {start} to {end}, lies inside {forward[at]}: an older value was read after it"
