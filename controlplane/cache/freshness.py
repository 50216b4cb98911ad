"""The judge: whether an entry may be served, and as what. Pure: (entry's numbers, purges, sight, window) -> verdict."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from controlplane.cache.barriers import Standing
from controlplane.cache.entry import Entry, Reason


class State(enum.Enum):
    """`HIT`: serve. `STALE`: only if nothing better comes. `KEPT`: not now, a window may need it. `DEAD`: never."""

    HIT = "hit"
    STALE = "stale"
    KEPT = "kept"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A state, and why a STALE entry is no hit (None: its time is up). `doubtful`: refresh it under the cap."""

    state: State
    reason: Reason | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long memory answers without hearing the log, in seconds: as hits, at all, and at all with personal data."""

    blind_after: float
    blind_max: float
    blind_max_erasable: float


HIT = Verdict(State.HIT)
_STALE = Verdict(State.STALE)
_KEPT = Verdict(State.KEPT)
_DEAD = Verdict(State.DEAD)
_BLIND = Verdict(State.STALE, Reason.BLIND, doubtful=True)
_SOFT = Verdict(State.STALE, Reason.SOFT_PURGED)
_LOST = Verdict(State.STALE, Reason.SOFT_PURGED, doubtful=True)


def judge(
    entry: Entry, *, now: float, standing: Standing, blind_for: float, bounds: Bounds, in_window: bool
) -> Verdict:
    """Judge `entry` at monotonic second `now`.

    `standing` is what the purges say; `blind_for` is for how long the log may have held purges that we have not
    applied. A blind process keeps serving an entry until `blind_max` after the later of its load and the last
    heartbeat: whatever was removed longer ago than that can no longer come back. `in_window`: a freeze window of the
    entry's tags holds.
    """
    age = max(0.0, now - entry.started)
    if standing is Standing.HARD or age >= entry.life:
        return _DEAD
    if standing is Standing.LOST and entry.erasable:
        return _DEAD
    is_blind = blind_for > bounds.blind_after
    if is_blind:
        limit = bounds.blind_max_erasable if entry.erasable else bounds.blind_max
        if min(blind_for, age) > limit:
            return _DEAD
    if age >= entry.fresh + entry.stale and not in_window:
        return _KEPT
    if standing is Standing.LOST:
        return _LOST
    if standing is Standing.SOFT:
        return _SOFT
    if age >= entry.fresh:
        return _STALE
    return _BLIND if is_blind else HIT
