"""What a read costs while Redis is stopped (SIGSTOP: it accepts connections and never answers)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import redis.asyncio as redis
import uvloop

from benchmarks import redis_reads_scene as scene
from benchmarks.row import Benchmark, Row
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load
from sandbox.valkey import Server

READS = 300
PAUSE = 0.01
BAR_MS = 250.0
# redis-py's defaults take 6 to 60 s a call; waiting longer than this tells nothing more.
LONGEST = 5.0


async def _load(context: Load) -> str:
    """A loader of no cost: what is measured is the waiting for Redis."""
    return context.key


async def _measure(server: Server) -> Row:
    """One row."""
    tier = RedisTier(server.url, scope="bench")
    async with Cache(second=tier, log=RedisPurgeLog(server.url, scope="bench"), clock=SystemClock()) as ours:
        for number in range(10):
            await ours.get_or_load(f"before {number}", _load)
        theirs = redis.Redis(host=server.host, port=server.port)
        await theirs.set("k", "v")
        server.pause()
        took = []
        for number in range(READS):
            began = time.perf_counter()
            await ours.get_or_load(f"k {number}", _load)
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(PAUSE)
        began = time.perf_counter()
        try:
            async with asyncio.timeout(LONGEST):
                await theirs.get("k")
        except (TimeoutError, redis.RedisError):
            pass
        default = (time.perf_counter() - began) * 1000
        fired = ours.stats.redis_failures
        server.wake()
        began = time.perf_counter()
        while not tier.lane.is_open:  # noqa: ASYNC110  (a lane tells nobody)
            await asyncio.sleep(0.005)
        back = (time.perf_counter() - began) * 1000
        await theirs.aclose()
    took.sort()
    p99 = took[int(len(took) * 0.99)]
    return Row(
        name="redis-stopped",
        what="p99 of a read while Redis is stopped, and back without a restart",
        ours=round(p99, 1),
        unit="ms",
        floor=round(default, 1),
        ratio=round(p99 / default, 4),
        bar=f"<= {BAR_MS:g} ms",
        holds=p99 <= BAR_MS and fired > 0,
        conditions=f"{READS} reads of new keys one after the other, loaders of no cost; {fired} reads hit the limit;"
        f" the floor is one call of redis.asyncio with its defaults, given up after {LONGEST:g} s",
        rivals={
            "worst": round(took[-1], 1),
            "median": round(took[len(took) // 2], 3),
            "back after, ms": round(back, 1),
        },
    )


def measure() -> Sequence[Row]:
    """Against a Valkey of its own."""
    with scene.server() as running:
        return [uvloop.run(_measure(running))]


BENCHMARK = Benchmark("redis-stopped", measure)
