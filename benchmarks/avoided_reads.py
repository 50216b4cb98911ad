"""How many reads of the database the whole client avoids on a real trace, beside a cache that keeps everything."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from benchmarks.hit_ratio import read
from benchmarks.memory_hit import server
from benchmarks.row import Benchmark, Row, not_run
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load, Settings

TRACE = "web07.trace.xz"
ENTRIES = 1_000
BAR = 97.0
NAME, WHAT, UNIT = "avoided-reads", "database reads avoided", "% of an infinite cache's"


def measure() -> list[Row]:
    """One row."""
    bar = f">= {BAR:g} %"
    path = Path(os.environ.get("TRACES", "")) / TRACE
    if not os.environ.get("TRACES") or not path.exists():
        return [not_run(NAME, WHAT, UNIT, bar, f"TRACES names no folder with {TRACE}")]
    keys = read(path)
    with server() as url:
        loads, in_memory = asyncio.run(_loads(keys, url))
    infinite = len(keys) - len(set(keys))
    ours = 100 * (len(keys) - loads) / infinite
    return [
        Row(
            name=NAME,
            what=WHAT,
            ours=round(ours, 2),
            unit=UNIT,
            floor=100.0,
            ratio=round(ours / 100, 4),
            bar=bar,
            holds=ours >= BAR,
            conditions=(
                f"all {len(keys)} accesses of web07 one after another, {len(set(keys))} keys, memory {ENTRIES} "
                "entries, a Valkey server without bound, fills behind the reads"
            ),
            rivals={"memory alone": round(100 * in_memory / infinite, 2)},
        )
    ]


async def _loads(keys: Sequence[int], url: str) -> tuple[int, int]:
    """Loads, and hits in memory."""
    scope = f"bench-{secrets.token_hex(4)}"

    async def load(context: Load) -> str:
        return context.key

    async with Cache(
        Settings(max_entries=ENTRIES),
        second=RedisTier(url, scope=scope),
        log=RedisPurgeLog(url, scope=scope),
        clock=SystemClock(),
    ) as cache:
        for key in keys:
            await cache.get_or_load(f"product:{key}", load)
        return cache.stats.loads, cache.stats.hits


BENCHMARK = Benchmark(NAME, measure)
