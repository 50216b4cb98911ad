"""What a read from Redis costs at a steady rate that nobody's queue slows down: CPU of this process, net of asking."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from benchmarks import redis_reads_scene as scene
from benchmarks.redis_reads_scene import KEYS, Get
from benchmarks.row import Benchmark, Row

RATE = 5_000
SECONDS = KEYS / RATE
ROUNDS = 2
BAR = 1 / 5


async def _nothing(number: int) -> None:
    """What the generator alone costs."""
    await asyncio.sleep(0)


async def _cpu(get: Get) -> float:
    """CPU microseconds a read at the rate, generator included: a batch of tasks every millisecond, whatever is under
    way."""
    loop = asyncio.get_running_loop()
    running: set[asyncio.Task[object]] = set()
    began, used, asked = loop.time(), time.process_time(), 0

    async def read(number: int) -> None:
        await get(number)

    while (now := loop.time()) - began < SECONDS:
        while asked < min(KEYS, (now - began) * RATE):
            task = loop.create_task(read(asked))
            running.add(task)
            task.add_done_callback(running.discard)
            asked += 1
        await asyncio.sleep(0.001)
    if running:
        await asyncio.wait(set(running))
    return (time.process_time() - used) / asked * 1e6


async def _measure(url: str) -> list[Row]:
    """Both rows."""
    async with scene.contestants(url) as who:
        everyone: dict[str, Get] = {
            "nothing": _nothing,
            "lane": who.lane,
            "whole": who.typed,
            "redis raw": who.redis_raw,
            "redis whole": who.redis_typed,
        }
        best = dict.fromkeys(everyone, float("inf"))
        for _ in range(ROUNDS):
            for name, get in everyone.items():
                who.ours._memory.clear()
                best[name] = min(best[name], await _cpu(get))
    net = {name: cpu - best["nothing"] for name, cpu in best.items()}
    return [
        _row("raw", "bytes", net["lane"], net["redis raw"]),
        _row("whole", "the whole client, decoded", net["whole"], net["redis whole"]),
    ]


def _row(name: str, what: str, ours: float, floor: float) -> Row:
    """One row."""
    return Row(
        name=f"redis-open-{name}",
        what=f"CPU of a read at {RATE} reads/s, {what}",
        ours=round(ours, 1),
        unit="us",
        floor=round(floor, 1),
        ratio=round(ours / floor, 2),
        bar=f"<= {BAR:g}x redis.asyncio",
        holds=ours <= BAR * floor,
        conditions="open loop, net of the generator, unique keys, 0.3 KB, redis.asyncio's best pool, uvloop, GC on, "
        "after gc.freeze()",
    )


def measure() -> Sequence[Row]:
    """Against a Valkey of its own."""
    rows: list[Row] = scene.run(_measure)
    return rows


BENCHMARK = Benchmark("redis-open", measure)
