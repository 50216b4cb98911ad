"""The cache's counters: plain integers, collected whenever somebody asks."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Stats:
    """Counts since the start.

    Those that end in `_failures` are failures that no caller saw. `loads_refused`, `redis_skipped`: loads and reads of
    Redis that an open breaker kept from it (such a load counts as a failed one too); `loader_breaks`: how often a
    loader's breaker opened. `fills_shed`, `refreshes_shed`: those of low and medium left out under pressure. `damaged`
    to `mistyped`: what Redis held was no entry (why: `envelope.Unusable`), a miss. `oversized` to `uncopyable`: a value
    that was not stored in Redis, could not be, or not even in memory. `evicted` left memory for want of room;
    `memory_refused`: more than `max_bytes` by itself. `slow_hooks` held the event loop for more than 50 ms.
    """

    hits: int = 0
    redis_hits: int = 0
    stale: int = 0
    misses: int = 0
    loads: int = 0
    load_failures: int = 0
    loads_refused: int = 0
    loader_breaks: int = 0
    loads_elsewhere: int = 0
    loads_not_stored: int = 0
    joined: int = 0
    capped: int = 0
    edge_hits: int = 0
    edge_misses: int = 0
    edge_failures: int = 0
    edge_loops: int = 0
    redis_failures: int = 0
    redis_skipped: int = 0
    fill_failures: int = 0
    fills_shed: int = 0
    refreshes_shed: int = 0
    fills_dropped: int = 0
    damaged: int = 0
    foreign: int = 0
    other_version: int = 0
    too_large: int = 0
    mistyped: int = 0
    oversized: int = 0
    unencodable: int = 0
    uncopyable: int = 0
    evicted: int = 0
    memory_refused: int = 0
    purges_applied: int = 0
    purges_owed: int = 0
    purges_delivered: int = 0
    barriers_forgotten: int = 0
    gaps: int = 0
    epochs: int = 0
    log_failures: int = 0
    window_failures: int = 0
    hook_failures: int = 0
    slow_hooks: int = 0

    def count(self, name: str) -> None:
        """One more of the counter called `name`."""
        setattr(self, name, getattr(self, name) + 1)

    def as_dict(self) -> dict[str, int]:
        """Name to count."""
        return asdict(self)
