"""What a hit in memory costs, beside a bare dict with an expiry, in the conditions of a service at work."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

import cachebox
from cashews import Cache as Cashews
from msgspec import Struct
from theine import Cache as Theine

from benchmarks.row import Benchmark, Row
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load, Settings
from sandbox import valkey

KEYS = [f"guests:{number}" for number in range(10_000)]
BLOCKS = 24
PURGES_PER_SECOND = 10
BAR = 2.0
Timed = Callable[[], Awaitable[float]]


class Guest(Struct, frozen=True):
    """A value that nobody can change, so that every caller may have the same one."""

    name: str


class Floor:
    """The least that a cache in memory does: a dict, a value, when it expires."""

    def __init__(self) -> None:
        self._items: dict[str, tuple[object, float]] = {}

    def put(self, key: str, value: object, seconds: float) -> None:
        """Keep `value`."""
        self._items[key] = (value, time.monotonic() + seconds)

    def get(self, key: str) -> object:
        """The value, unless it expired."""
        item = self._items.get(key)
        if item is None or time.monotonic() >= item[1]:
            return None
        return item[0]


def measure() -> list[Row]:
    """One row: nanoseconds of a peek, with the awaited read and the rivals beside it."""
    with server() as url:
        return asyncio.run(_measured(url))


async def _measured(url: str) -> list[Row]:
    log = RedisPurgeLog(url, scope=f"bench-{secrets.token_hex(4)}")
    async with Cache(Settings(max_entries=2 * len(KEYS)), log=log, clock=SystemClock()) as cache:
        await _fill(cache)
        costs = await _interleaved(cache, await _contenders(cache))
        assert all(cache.hit(key) for key in KEYS), "every read can be a hit"
        assert cache.stats.purges_applied >= BLOCKS
    floor, ours = costs.pop("floor"), costs.pop("ours")
    ratio = median(mine / bare for mine, bare in zip(ours, floor, strict=True))
    return [
        Row(
            name="memory-hit",
            what="a value from memory (peek)",
            ours=round(median(ours)),
            unit="ns",
            floor=round(median(floor)),
            ratio=round(ratio, 2),
            bar=f"<= {BAR:g}x the floor",
            holds=ratio <= BAR,
            conditions=(
                f"{len(KEYS)} unique keys, values that cannot change (nothing is decoded), two tags each, "
                f"{PURGES_PER_SECOND} purges of other tags a second of reading (after each, every key is looked at "
                f"anew), collector on, CPU time of the thread, median of {BLOCKS} blocks of {1 / PURGES_PER_SECOND:g} "
                "s of reading; the floor is a dict and an expiry in a class; awaited: get_or_load"
            ),
            rivals={name: round(median(taken)) for name, taken in costs.items()},
        )
    ]


async def _fill(cache: Cache) -> None:
    async def load(context: Load) -> Guest:
        return Guest(context.key)

    for number, key in enumerate(KEYS):
        await cache.get_or_load(key, load, tags=[f"wedding:{number % 100}", f"guest:{number}"])


async def _contenders(cache: Cache) -> dict[str, Timed]:
    """By name: how to read all the keys once; each answers nanoseconds a read."""
    floor, theirs = Floor(), Cashews()
    theirs.setup("mem://", size=2 * len(KEYS))
    box: cachebox.TTLCache[str, object] = cachebox.TTLCache(2 * len(KEYS), 3600)
    tea: Any = Theine(2 * len(KEYS))
    for key in KEYS:
        floor.put(key, Guest(key), 3600)
        await theirs.set(key, Guest(key), expire=3600)
        box[key] = Guest(key)
        tea.set(key, Guest(key))

    async def again(context: Load) -> object:
        return Guest(context.key)

    async def awaited() -> float:
        begun = time.thread_time_ns()
        for key in KEYS:
            await cache.get_or_load(key, again)
        return (time.thread_time_ns() - begun) / len(KEYS)

    async def cashews() -> float:
        some = KEYS[: len(KEYS) // 20]
        begun = time.thread_time_ns()
        for key in some:
            await theirs.get(key)
        return (time.thread_time_ns() - begun) / len(some)

    return {
        "floor": _timed(floor.get),
        "ours": _seeing(cache, _timed(cache.peek)),
        "awaited": _seeing(cache, awaited),
        "cachebox": _timed(box.get),
        "theine": _timed(tea.get),
        "cashews (awaited)": cashews,
    }


def _seeing(cache: Cache, read: Timed) -> Timed:
    """Read while the cache hears the log: a busy machine that made it blind would have no hits."""

    async def seeing() -> float:
        while True:
            saw = cache.sees_log
            taken = await read()
            if saw and cache.sees_log:
                return taken
            await asyncio.sleep(0.05)

    return seeing


def _timed(read: Callable[[str], object]) -> Timed:
    async def timed() -> float:
        begun = time.thread_time_ns()
        for key in KEYS:
            read(key)
        return (time.thread_time_ns() - begun) / len(KEYS)

    return timed


async def _interleaved(cache: Cache, contenders: dict[str, Timed]) -> dict[str, list[float]]:
    """Each block: a purge, reads of all keys until the next one is due, and now and then the floor; their means."""
    costs: dict[str, list[float]] = {name: [] for name in contenders}
    rivals = [name for name in contenders if name not in ("floor", "ours")]
    for block in range(BLOCKS):
        await cache.expire(tags=[f"guest:other-{block}"])
        ours: list[float] = []
        floor = [await contenders["floor"]()]
        while sum(ours) * len(KEYS) < 1e9 / PURGES_PER_SECOND:
            ours.append(await contenders["ours"]())
            if len(ours) % 8 == 4:
                floor.append(await contenders["floor"]())
            await asyncio.sleep(0)
        costs["ours"].append(mean(ours))
        costs["floor"].append(mean(floor))
        for name in rivals if block % 8 == 0 else ():
            costs[name].append(await contenders[name]())
    return costs


@contextlib.contextmanager
def server() -> Iterator[str]:
    """The URL of a Valkey server of one's own."""
    with tempfile.TemporaryDirectory() as folder:
        running = valkey.start(valkey.free_port(), Path(folder))
        try:
            yield running.url
        finally:
            running.stop()


BENCHMARK = Benchmark("memory-hit", measure)
