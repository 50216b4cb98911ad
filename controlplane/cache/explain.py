"""Explaining a key: what each tier knows of it and what would become of a read, with reasons; never the value."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.cache.engine import Engine
from controlplane.cache.entry import Entry, own_tags_of
from controlplane.cache.freshness import State, Verdict
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier


@dataclass(frozen=True, slots=True)
class Known:
    """What one tier holds: how it would be judged now and why, its age and remaining times in seconds, its tags."""

    state: State
    why: str
    age: float
    fresh_for: float
    stale_for: float
    tier: Tier
    tags: tuple[str, ...]
    as_of: Position
    bytes: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known of `key`: by memory, by Redis (None: nothing), and about the process that was asked.

    `blind_for` is how long ago the purge log was last heard, in seconds; `position` what was applied of it.
    """

    key: str
    memory: Known | None
    redis: Known | None
    is_loading: bool
    position: Position
    blind_for: float
    would: str

    def __str__(self) -> str:
        lines = [f"{self.key}: {self.would}"]
        for name, known in (("memory", self.memory), ("redis", self.redis)):
            if known is None:
                lines.append(f"  {name}: nothing")
                continue
            lines.append(f"  {name}: {known.state.value} ({known.why}), {known.age:.1f} s old, {known.bytes} bytes")
            lines.append(f"    fresh for {known.fresh_for:.1f} s, then stale for {known.stale_for:.1f} s")
            lines.append(f"    tier {known.tier.value}, tags {', '.join(known.tags) or 'none'}, as of {known.as_of.n}")
        lines.append(f"  a load is {'' if self.is_loading else 'not '}under way")
        lines.append(f"  purge log: applied up to {self.position.n}, heard {self.blind_for:.1f} s ago")
        return "\n".join(lines)


async def explain(engine: Engine, key: str) -> Explanation:
    """Look at both tiers; neither is changed, and nothing is loaded."""
    now = engine.ports.clock.monotonic()
    entry = engine.memory.get(key)
    memory = None if entry is None else _known(engine, key, entry, now)
    redis = None
    if engine.shared is not None:
        found = await engine.shared.fetch(key, None)
        redis = None if found is None else _known(engine, key, found, now)
    return Explanation(
        key,
        memory,
        redis,
        (flight := engine.loading.flying.get(key)) is not None and engine.loading.may_board(flight),
        engine.barriers.position,
        engine.follower.blind_for(now),
        _would(memory, redis),
    )


def _known(engine: Engine, key: str, entry: Entry, now: float) -> Known:
    """One tier's entry, judged; a copy is judged, so that nothing is dropped or marked."""
    verdict = engine.judged.judge(key, entry.lasting(entry.fresh, entry.life), now)
    age = max(0.0, now - entry.started)
    return Known(
        verdict.state,
        _why(verdict, entry, age),
        age,
        max(0.0, entry.fresh - age),
        max(0.0, entry.stale - max(0.0, age - entry.fresh)),
        entry.tier,
        own_tags_of(entry.tags),
        entry.as_of,
        entry.size,
    )


def _why(verdict: Verdict, entry: Entry, age: float) -> str:
    """The reason in words."""
    if verdict.state is State.HIT:
        return "fresh, and no purge of its tags came since its load began"
    if verdict.reason is not None:
        doubt = ", for the purge log lost something" if verdict.doubtful else ""
        return f"{verdict.reason.value}{doubt}"
    if verdict.state is State.DEAD:
        return "its life is over" if age >= entry.life else "removed, or older than what may be served blindly"
    return "its fresh time is over" if verdict.state is State.STALE else "kept for a freeze window only"


def _would(memory: Known | None, redis: Known | None) -> str:
    """What a read with a loader would get."""
    if memory is not None and memory.state is State.HIT:
        return "a read is answered by memory"
    if redis is not None and redis.state is State.HIT:
        return "a read is answered by Redis"
    if any(known is not None and known.state is State.STALE for known in (memory, redis)):
        return "a read asks the loader; if that fails or is slow, it gets the stale copy"
    return "a read asks the loader"
