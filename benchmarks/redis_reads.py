"""Reads from Redis, one at a time and many at once: our lane and our whole client beside redis.asyncio and GLIDE."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median

from benchmarks import redis_reads_scene as scene
from benchmarks.redis_reads_scene import KEYS, Contestants, Get
from benchmarks.row import Benchmark, Row

ROUNDS = 3
PURGES_PER_SECOND = 10
CONDITIONS = (
    "unique keys, 0.3 KB; whole client: decoded to a struct by everyone, ours with two tags an entry, a barrier check,"
    f" {PURGES_PER_SECOND} purges/s behind, memory empty when a round begins; GC on, after gc.freeze(), uvloop, best of"
    f" {ROUNDS} interleaved rounds"
)


async def _one_by_one(get: Get, count: int) -> float:
    """Median microseconds of a read."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        await get(number)
        took.append(time.perf_counter() - began)
    return median(took) * 1e6


async def _at_once(get: Get, workers: int, count: int) -> float:
    """Reads per second with so many workers, each reading one key after the other."""

    async def work(first: int) -> None:
        for number in range(first, count, workers):
            await get(number)

    began = time.perf_counter()
    await asyncio.gather(*(work(first) for first in range(workers)))
    return count / (time.perf_counter() - began)


async def _purging(who: Contestants) -> None:
    """Purges of what nobody reads, for ever."""
    while True:
        await who.ours.expire(tags=["vendor:nobody"])
        await asyncio.sleep(1 / PURGES_PER_SECOND)


async def _measure(url: str) -> list[Row]:
    """All rows."""
    async with scene.contestants(url) as who:
        purging = asyncio.create_task(_purging(who))
        alone = {"ours": who.lane, "redis.asyncio": who.redis_raw, "valkey-glide": who.glide_raw, "whole": who.typed}
        single = dict.fromkeys(alone, float("inf"))
        for _ in range(ROUNDS):
            for name, get in alone.items():
                who.ours._memory.clear()
                single[name] = min(single[name], await _one_by_one(get, 1000))
        rows = [_alone(single, who.pool)]
        for workers in (100, 1000):
            everyone = {
                ("raw", "ours"): (who.lane, KEYS),
                ("raw", "redis.asyncio"): (who.redis_raw, 2000),
                ("raw", "valkey-glide"): (who.glide_raw, 4000),
                ("whole", "ours"): (who.typed, KEYS),
                ("whole", "redis.asyncio"): (who.redis_typed, 2000),
                ("whole", "valkey-glide"): (who.glide_typed, 4000),
            }
            best = dict.fromkeys(everyone, 0.0)
            for _ in range(ROUNDS):
                for one, (get, count) in everyone.items():
                    who.ours._memory.clear()
                    best[one] = max(best[one], await _at_once(get, workers, count))
            rows += [
                _many(kind, workers, {whose: best[kind, whose] for of, whose in best if of == kind}, who.pool)
                for kind in BARS
            ]
        purging.cancel()
        await asyncio.gather(purging, return_exceptions=True)
        return rows


# Times redis.asyncio, times valkey-glide.
BARS = {"raw": (10.0, 0.0), "whole": (6.0, 2.0)}


def _alone(single: dict[str, float], pool: int) -> Row:
    """The row of reads one at a time."""
    ours, floor = single["ours"], single["redis.asyncio"]
    return Row(
        name="redis-read-1",
        what="a read from Redis, one at a time, median",
        ours=round(ours, 1),
        unit="us",
        floor=round(floor, 1),
        ratio=round(ours / floor, 2),
        bar="<= 0.6x redis.asyncio",
        holds=ours <= 0.6 * floor,
        conditions=f"{CONDITIONS}; redis.asyncio with {pool} connections, its best of {scene.POOLS}",
        rivals={"valkey-glide": round(single["valkey-glide"], 1), "our whole client": round(single["whole"], 1)},
    )


def _many(kind: str, workers: int, best: dict[str, float], pool: int) -> Row:
    """The row of one kind of read, many at once."""
    ours, floor, glide = best["ours"], best["redis.asyncio"], best["valkey-glide"]
    over_redis, over_glide = BARS[kind]
    bar = f">= {over_redis:g}x redis.asyncio" + (f", >= {over_glide:g}x valkey-glide" if over_glide else "")
    return Row(
        name=f"redis-{kind}-{workers}",
        what=f"reads from Redis by {workers} at once, {'bytes' if kind == 'raw' else 'the whole client'}",
        ours=round(ours),
        unit="reads/s",
        floor=round(floor),
        ratio=round(ours / floor, 1),
        bar=bar,
        holds=ours >= over_redis * floor and ours >= over_glide * glide,
        conditions=f"{CONDITIONS}; redis.asyncio with {pool} connections, its best of {scene.POOLS}",
        rivals={"valkey-glide": round(glide), "times valkey-glide": round(ours / glide, 1)},
    )


def measure() -> Sequence[Row]:
    """Against a Valkey of its own."""
    rows: list[Row] = scene.run(_measure)
    return rows


BENCHMARK = Benchmark("redis-reads", measure)
