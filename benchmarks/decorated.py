"""What a hit of a decorated function costs, key and all, beside a bare dict and beside cashews' decorator."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from statistics import median

from cashews import Cache as Cashews

from benchmarks.memory_hit import Floor, Guest, server
from benchmarks.row import Benchmark, Row
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Settings

WEDDINGS = [f"wedding-{number}" for number in range(100)]
PAGES = range(50)
BLOCKS = 7
FLOOR_BAR = 15.0
CASHEWS_BAR = 30.0


def measure() -> list[Row]:
    """Two rows: beside the floor (1.5 us where that is 0.1 us), and beside cashews."""
    with server() as url:
        return asyncio.run(_measured(url))


async def _measured(url: str) -> list[Row]:
    log = RedisPurgeLog(url, scope=f"bench-{secrets.token_hex(4)}")
    async with Cache(Settings(), log=log, clock=SystemClock()) as cache:
        ours, plain, floor, theirs = await _interleaved(cache)
        assert cache.stats.loads == len(WEDDINGS) * len(PAGES), "every call but the first of each key was a hit"
    to_floor = median(mine / bare for mine, bare in zip(ours, floor, strict=True))
    to_cashews = median(other / mine for mine, other in zip(ours, theirs, strict=True))
    conditions = (
        f"{len(WEDDINGS) * len(PAGES)} unique keys of a text and a number, one tag each, values that cannot change, "
        f"collector on, CPU time of the thread, median of {BLOCKS} interleaved rounds over all keys; the floor is a "
        "dict and an expiry in a class, its key at hand; cashews with `mem://` and its key template"
    )
    figures = {"plain function": round(median(plain), 3), "cashews": round(median(theirs), 2)}
    return [
        Row(
            name="decorated",
            what="a hit of a decorated coroutine function",
            ours=round(median(ours), 3),
            unit="us",
            floor=round(median(floor), 3),
            ratio=round(to_floor, 1),
            bar=f"<= {FLOOR_BAR:g}x the floor",
            holds=to_floor <= FLOOR_BAR,
            conditions=conditions,
            rivals=figures,
        ),
        Row(
            name="decorated-cashews",
            what="the same, as a part of cashews' cost",
            ours=round(median(ours), 3),
            unit="us",
            floor=round(median(theirs), 2),
            ratio=round(1 / to_cashews, 4),
            bar=f"cashews >= {CASHEWS_BAR:g}x",
            holds=to_cashews >= CASHEWS_BAR,
            conditions=f"{conditions}; cashews takes {to_cashews:.1f}x as long",
            rivals=figures,
        ),
    ]


async def _interleaved(cache: Cache) -> tuple[list[float], list[float], list[float], list[float]]:
    """Microseconds a call of each contender, round by round."""

    @cache.cached("guests:{wedding}:{page}", tags=["wedding:{wedding}"])
    async def ours(wedding: str, page: int) -> Guest:
        return Guest(wedding)

    @cache.cached("guests:{wedding}:{page}", tags=["wedding:{wedding}"], shares=ours)
    def plain(wedding: str, page: int) -> Guest:
        raise AssertionError("loaded already")

    rival = Cashews()
    rival.setup("mem://", size=2 * len(WEDDINGS) * len(PAGES))

    @rival(ttl="1h", key="guests:{wedding}:{page}")  # type: ignore[untyped-decorator]  # installed for benchmarks only
    async def theirs(wedding: str, page: int) -> Guest:
        return Guest(wedding)

    floor = Floor()
    calls = [(wedding, page) for wedding in WEDDINGS for page in PAGES]
    keys = [f"guests:{wedding}:{page}" for wedding, page in calls]
    for key, (wedding, page) in zip(keys, calls, strict=True):
        floor.put(key, Guest(wedding), 3600)
        await ours(wedding, page)
        await theirs(wedding, page)
    taken: tuple[list[float], ...] = ([], [], [], [])
    for _ in range(BLOCKS):
        marks = [time.thread_time_ns()]
        for wedding, page in calls:
            await ours(wedding, page)
        marks.append(time.thread_time_ns())
        for wedding, page in calls:
            plain(wedding, page)
        marks.append(time.thread_time_ns())
        for key in keys:
            floor.get(key)
        marks.append(time.thread_time_ns())
        for wedding, page in calls:
            await theirs(wedding, page)
        marks.append(time.thread_time_ns())
        for place, (begun, ended) in enumerate(itertools.pairwise(marks)):
            taken[place].append((ended - begun) / len(calls) / 1000)
        await asyncio.sleep(0.05)
    await rival.close()
    return taken[0], taken[1], taken[2], taken[3]


BENCHMARK = Benchmark("decorated", measure)
