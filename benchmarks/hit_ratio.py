"""How many accesses of real traces memory answers, beside LRU, S3-FIFO, theine and the optimum.

`TRACES` names a folder of `*.trace.xz` files: xz, big-endian 4-byte integers, one key an access.
"""

from __future__ import annotations

import heapq
import lzma
import os
import sys
from array import array
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from theine import Cache as Theine

from benchmarks.row import Benchmark, Row, not_run
from controlplane.cache.entry import Entry
from controlplane.cache.memory import Memory
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier

SIZES = (250, 1_000, 3_000)
# Of a longer trace, so many accesses from its middle; all of them with TRACES_WHOLE=1 (minutes).
LONGEST = 250_000
BELOW = 0.5
WHAT, UNIT, BAR = "accesses answered from memory", "% of accesses", f">= max(S3-FIFO, LRU) - {BELOW:g} points"


def measure() -> list[Row]:
    """A row for each trace and size."""
    folder = os.environ.get("TRACES", "")
    if not folder:
        return [not_run("hit-ratio", WHAT, UNIT, BAR, "TRACES names no folder of traces")]
    paths = sorted(Path(folder).glob("*.trace.xz"))
    if not paths:
        return [not_run("hit-ratio", WHAT, UNIT, BAR, "the folder that TRACES names has no *.trace.xz")]
    return [row for path in paths for row in _rows(path)]


def _rows(path: Path) -> Iterable[Row]:
    whole = read(path)
    keys = whole if os.environ.get("TRACES_WHOLE") else middle(whole, LONGEST)
    nexts = next_uses(keys)
    for size in SIZES:
        rates = {
            "lru": lru(keys, size),
            "s3-fifo": s3_fifo(keys, size),
            "theine": theine(keys, size),
            "belady": belady(keys, nexts, size),
        }
        ours, best = memory(keys, size), max(rates["lru"], rates["s3-fifo"])
        gap = rates["belady"] - rates["lru"]
        yield Row(
            name=f"hit-ratio {path.name.removesuffix('.trace.xz')} {size}",
            what=WHAT,
            ours=round(ours, 2),
            unit=UNIT,
            floor=round(best, 2),
            ratio=round(ours / best, 3),
            bar=BAR,
            holds=ours >= best - BELOW,
            conditions=(
                f"{len(keys)} of {len(whole)} accesses, {len(set(keys))} keys, {size} entries; the floor is the better "
                "of LRU and S3-FIFO; gap: our share of the way from LRU to Belady's optimum, in %"
            ),
            rivals={
                **{name: round(rate, 2) for name, rate in rates.items()},
                "gap": round(100 * (ours - rates["lru"]) / gap, 1) if gap > 0 else 0.0,
            },
        )


def read(path: Path) -> array[int]:
    """A trace's keys in the order of access."""
    keys = array("I", lzma.decompress(path.read_bytes()))
    if sys.byteorder == "little":
        keys.byteswap()
    return keys


def middle(keys: array[int], longest: int) -> array[int]:
    """At most `longest` accesses, from the middle."""
    first = max(0, (len(keys) - longest) // 2)
    return keys[first : first + longest]


def memory(keys: Sequence[int], size: int) -> float:
    """Ours, as the cache uses it; like every figure here, in % of the accesses."""
    ours, hits, as_of = Memory(size, 2**62), 0, Position("e", 1)
    names = {key: f"product:{key}" for key in set(keys)}
    for key in keys:
        name = names[key]
        if ours.get(name) is not None:
            hits += 1
        else:
            ours.put(name, Entry.of(None, (), as_of, 0.0, 60.0, 60.0, 120.0, Tier.LOW, 1))
    return 100 * hits / len(keys)


def lru(keys: Sequence[int], size: int) -> float:
    """Least recently used."""
    kept: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for key in keys:
        if key in kept:
            kept.move_to_end(key)
            hits += 1
        else:
            if len(kept) >= size:
                kept.popitem(last=False)
            kept[key] = None
    return 100 * hits / len(keys)


def s3_fifo(keys: Sequence[int], size: int) -> float:
    """S3-FIFO as in its authors' libCacheSim: a tenth small, promoted from two uses on, ghosts as main is long."""
    uses: dict[int, int] = {}
    small: deque[int] = deque()
    main: deque[int] = deque()
    ghosts: OrderedDict[int, None] = OrderedDict()
    in_small, hits = max(1, size // 10), 0
    for key in keys:
        if key in uses:
            uses[key] = min(3, uses[key] + 1)
            hits += 1
            continue
        is_ghost = key in ghosts
        if is_ghost:
            del ghosts[key]
        while len(uses) >= size:
            if main and len(small) < in_small:
                head = main.popleft()
                if uses[head]:
                    uses[head] -= 1
                    main.append(head)
                else:
                    del uses[head]
            else:
                head = small.popleft()
                if uses[head] >= 2:
                    uses[head] = 0
                    main.append(head)
                else:
                    del uses[head]
                    ghosts[head] = None
                    if len(ghosts) > size - in_small:
                        ghosts.popitem(last=False)
        uses[key] = 0
        (main if is_ghost else small).append(key)
    return 100 * hits / len(keys)


def theine(keys: Sequence[int], size: int) -> float:
    """Theine (W-TinyLFU, adaptive), without its lock."""
    theirs: Any = Theine(size, nolock=True)
    hits = 0
    for key in keys:
        if theirs.get(key)[1]:
            hits += 1
        else:
            theirs.set(key, True)
    theirs.close()
    return 100 * hits / len(keys)


def next_uses(keys: Sequence[int]) -> list[int]:
    """For each access, the place of the next one of its key (beyond the end: never)."""
    nexts, seen = [0] * len(keys), dict[int, int]()
    for place in range(len(keys) - 1, -1, -1):
        nexts[place] = seen.get(keys[place], len(keys))
        seen[keys[place]] = place
    return nexts


def belady(keys: Sequence[int], nexts: Sequence[int], size: int) -> float:
    """The optimum: what is used again last leaves first; what is never used again does not enter."""
    due: dict[int, int] = {}
    latest: list[tuple[int, int]] = []
    hits = 0
    for key, after in zip(keys, nexts, strict=True):
        if key in due:
            hits += 1
        elif after == len(keys):
            continue
        elif len(due) >= size:
            while due.get(latest[0][1]) != -latest[0][0]:
                heapq.heappop(latest)
            if -latest[0][0] <= after:
                continue
            del due[heapq.heappop(latest)[1]]
        if after == len(keys):
            del due[key]
        else:
            due[key] = after
            heapq.heappush(latest, (-after, key))
    return 100 * hits / len(keys)


BENCHMARK = Benchmark("hit-ratio", measure)
