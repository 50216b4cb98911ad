"""What an entry takes in memory beyond its key and value, beside cashews and cachebox."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import cachebox
from cashews import Cache as Cashews

from benchmarks.row import Benchmark, Row
from controlplane.cache.entry import Entry, all_tags
from controlplane.cache.memory import Memory
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier

ENTRIES = 100_000
BAR = 240
WEDDINGS = [f"wedding:{number}" for number in range(1_000)]
PAGES = ["page:guests", "page:photos", "page:menus"]


def measure() -> list[Row]:
    """One row: bytes of resident memory an entry, each contender in a process of its own."""
    taken = {fill.__name__: _resident(fill) for fill in (ours, cashews, cachebox_ttl, bare_dict)}
    mine, floor = taken.pop("ours"), taken.pop("bare_dict")
    return [
        Row(
            name="entry-bytes",
            what="memory of an entry beyond key and value",
            ours=round(mine),
            unit="bytes",
            floor=round(floor),
            ratio=round(mine / floor, 2),
            bar=f"<= {BAR} bytes",
            holds=mine <= BAR,
            conditions=(
                f"{ENTRIES} entries, resident memory of a fresh process each, keys and values made before; ours with "
                f"two tags each ({len(WEDDINGS)} weddings, {len(PAGES)} pages), the rivals with none; the floor is a "
                "bare dict"
            ),
            rivals={name: round(size) for name, size in taken.items()},
        )
    ]


def ours(keys: list[str], values: list[bytes]) -> object:
    """The cache's memory, with entries as the loader's path makes them."""
    memory, as_of = Memory(ENTRIES, 2**62), Position("epoch", 1)
    for number, (key, value) in enumerate(zip(keys, values, strict=True)):
        tags = all_tags("main", key, (WEDDINGS[number % len(WEDDINGS)], PAGES[number % len(PAGES)]))
        memory.put(key, Entry.of(value, tags, as_of, 1_000 + number / 7, 60.0, 60.0, 120.0, Tier.LOW, len(value)))
    return memory


def cashews(keys: list[str], values: list[bytes]) -> object:
    """Cashews in memory."""
    cache = Cashews()
    cache.setup("mem://", size=ENTRIES)

    async def fill() -> None:
        for key, value in zip(keys, values, strict=True):
            await cache.set(key, value, expire=60)

    asyncio.run(fill())
    return cache


def cachebox_ttl(keys: list[str], values: list[bytes]) -> object:
    """Cachebox with one time to live for all."""
    cache: cachebox.TTLCache[str, bytes] = cachebox.TTLCache(ENTRIES, 60)
    for key, value in zip(keys, values, strict=True):
        cache[key] = value
    return cache


def bare_dict(keys: list[str], values: list[bytes]) -> object:
    """No cache at all."""
    return dict(zip(keys, values, strict=True))


def _resident(fill: Callable[[list[str], list[bytes]], object]) -> float:
    """Bytes an entry that filling adds to a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as alone:
        return alone.apply(_added, (fill,))


def _added(fill: Callable[[list[str], list[bytes]], object]) -> float:
    keys = [f"guests:{number}" for number in range(ENTRIES)]
    values = [f"the value of {number}".encode() for number in range(ENTRIES)]
    gc.collect()
    before = _pages()
    filled = fill(keys, values)
    gc.collect()
    after = _pages()
    assert filled is not None
    return (after - before) / ENTRIES


def _pages() -> int:
    """Resident bytes of this process (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024


BENCHMARK = Benchmark("entry-bytes", measure)
