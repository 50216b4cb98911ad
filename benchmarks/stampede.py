"""A thousand and ten thousand callers of one cold key: what they cost beyond the creation of their tasks."""

from __future__ import annotations

import asyncio
import gc
import secrets
import time
from collections.abc import Callable, Coroutine
from statistics import median
from typing import Any

from cashews import Cache as Cashews

from benchmarks.memory_hit import Guest, server
from benchmarks.row import Benchmark, Row
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load, Settings

ROUNDS = {1_000: 15, 10_000: 7}
LOAD_SECONDS = 0.05
BAR = 1.0


def measure() -> list[Row]:
    """One row a crowd."""
    with server() as url:
        return [asyncio.run(_measured(url, crowd)) for crowd in ROUNDS]


async def _measured(url: str, crowd: int) -> Row:
    scope = f"bench-{secrets.token_hex(4)}"
    log, tier = RedisPurgeLog(url, scope=scope), RedisTier(url, scope=scope)
    rival = Cashews()
    rival.setup("mem://")
    loads = 0

    async def load(context: Load) -> Guest:
        nonlocal loads
        loads += 1
        await asyncio.sleep(LOAD_SECONDS)
        return Guest(context.key)

    @rival(ttl="1h", key="{key}", lock=True)  # type: ignore[untyped-decorator]  # a rival, installed for benchmarks only
    async def theirs(key: str) -> Guest:
        await asyncio.sleep(LOAD_SECONDS)
        return Guest(key)

    ours: list[float] = []
    created: list[float] = []
    others: list[float] = []
    async with Cache(Settings(), log=log, second=tier, clock=SystemClock()) as cache:
        for number in range(ROUNDS[crowd]):
            key = f"cold {crowd} {number}"
            created.append(await _taken(_nothing, crowd))
            ours.append(await _taken(lambda key=key: cache.get_or_load(key, load), crowd) - created[-1])  # type: ignore[misc]  # a default binds the key
            if crowd == min(ROUNDS) and number < 3:
                others.append(await _taken(lambda key=key: theirs(key), crowd) - created[-1])  # type: ignore[misc]  # as above
        assert loads == ROUNDS[crowd], "one load each"
    await rival.close()
    ratio = median(mine / made for mine, made in zip(ours, created, strict=True))
    return Row(
        name=f"stampede-{crowd}",
        what=f"{crowd} callers of one cold key, net of creating their tasks, 1 load",
        ours=round(median(ours) * 1000, 2),
        unit="ms",
        floor=round(median(created) * 1000, 2),
        ratio=round(ratio, 2),
        bar=f"<= {BAR:g}x the creation of the tasks",
        holds=ratio <= BAR,
        conditions=(
            f"Redis is asked first (cold), a load of {LOAD_SECONDS * 1000:g} ms, collector on, after gc.freeze(), CPU"
            f" time of the thread so that waiting for the loader costs nothing, median of {ROUNDS[crowd]} rounds; the"
            " floor creates as many tasks that do nothing; cashews with lock=True on `mem://`, net as well"
        ),
        rivals={"cashews lock=True": round(median(others) * 1000, 2)} if others else {},
    )


async def _nothing() -> None:
    """What a task costs by itself: created, run, ended."""


async def _taken(call: Callable[[], Coroutine[Any, Any, object]], crowd: int) -> float:
    """CPU seconds for `crowd` tasks that each run `call`."""
    # As the guide advises services: what is there for good is not looked through while a crowd waits.
    gc.collect()
    gc.freeze()
    try:
        begun = time.thread_time()
        await asyncio.gather(*[asyncio.create_task(call()) for _ in range(crowd)])
        return time.thread_time() - begun
    finally:
        gc.unfreeze()


BENCHMARK = Benchmark("stampede", measure)
