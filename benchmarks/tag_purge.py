"""A tag's purge with a thousand and a million entries behind it, and when another process acts on it.

`python -m benchmarks.tag_purge URL SCOPE` is the other process: for each line on stdin it loads, says so, and tells the
monotonic nanosecond at which its memory had no hit any more.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from cashews import Cache as Cashews

from benchmarks.memory_hit import server
from benchmarks.row import Benchmark, Row
from controlplane.adapters.redis import header
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load, Read, Settings, Status, envelope

MANY, FEW, THEIRS = 1_000_000, 1_000, 10_000
PURGES = 200
SAMPLES = 200
AT_ONCE = 5_000
COST_BAR, SAME_BAR, REACH_BAR = 1.0, 1.5, 20.0
HOUR = timedelta(hours=1)


def measure() -> list[Row]:
    """What a purge costs its caller, and when it has reached another process."""
    with server() as url:
        return asyncio.run(_measured(url))


async def _measured(url: str) -> list[Row]:
    scope = f"bench-{secrets.token_hex(4)}"
    async with _cache(url, scope) as cache:
        await _populate(url, scope, cache, "wedding:few", FEW)
        await _populate(url, scope, cache, "wedding:many", MANY)
        few, many = await _costs(cache)
        revived = await _served(url, scope, "wedding:many", MANY)
        reach = await _reach(url, scope, cache)
    theirs = await _cashews(url)
    conditions = f"p50 of {PURGES} purges over loopback, alternating; entries in Redis with two tags each"
    cost = Row(
        name="tag-purge",
        what=f"soft purge of a tag with {MANY:,} entries beside one with {FEW:,}",
        ours=round(many, 3),
        unit="ms",
        floor=round(few, 3),
        ratio=round(many / few, 2),
        bar=f"<= {COST_BAR:g} ms, <= {SAME_BAR:g}x the small tag's, nothing served afterwards",
        holds=many <= COST_BAR and many <= SAME_BAR * few and not revived,
        conditions=f"{conditions}; {revived} of {SAMPLES} sampled entries were hits after it",
        rivals={f"cashews delete_tags, {THEIRS:,} entries": round(theirs, 1)},
    )
    p99 = statistics.quantiles(reach, n=100)[98]
    effect = Row(
        name="tag-purge-reach",
        what="from the call until another process's memory gives no hit, p99",
        ours=round(p99, 3),
        unit="ms",
        floor=round(statistics.median(reach), 3),
        ratio=round(p99 / statistics.median(reach), 2),
        bar=f"<= {REACH_BAR:g} ms",
        holds=p99 <= REACH_BAR,
        conditions=f"{PURGES} purges, the other process looks every 0.2 ms; the floor is the median",
    )
    return [cost, effect]


def _cache(url: str, scope: str) -> Cache:
    return Cache(
        Settings(),
        second=RedisTier(url, scope=scope, read_timeout=1, write_timeout=1),
        log=RedisPurgeLog(url, scope=scope),
        clock=SystemClock(),
    )


async def _load(context: Load) -> str:
    return f"the value of {context.key}"


def _key(tag: str, number: int) -> str:
    return f"{tag}:{number:09}"


async def _populate(url: str, scope: str, cache: Cache, tag: str, entries: int) -> None:
    """As many entries as the cache would have stored: one is, the others are its envelope under other keys."""
    tier = RedisTier(url, scope=scope)
    first = _key(tag, 0)
    await cache.get_or_load(first, _load, tags=[tag, "page:guests"], fresh=HOUR, stale=HOUR)
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port, limit=2**24)
    name = tier.name(f"main:{first}")
    raw = b""
    while not raw:
        await asyncio.sleep(0.01)
        writer.write(_packed(b"GET", name.encode()))
        size = int((await reader.readline())[1:])
        raw = (await reader.readexactly(size + 2))[:-2] if size > 0 else b""
    found = header.parsed(raw)
    begins = found[3] if found else 0
    stored = envelope.unwrap(raw[begins:], f"main:{first}", len(raw))
    if isinstance(stored, envelope.Unusable):
        raise TypeError(f"what the cache stored is {stored.value}")
    terms, value = envelope.terms_of(stored[0]), stored[1]
    assert terms is not None
    for start in range(1, entries, AT_ONCE):
        keys = [f"main:{_key(tag, number)}" for number in range(start, min(start + AT_ONCE, entries))]
        lines = [
            _packed(
                b"SET",
                tier.name(key).encode(),
                raw[:begins] + envelope.wrap(key, terms, value),
            )
            for key in keys
        ]
        writer.write(b"".join(lines))
        await reader.readexactly(5 * len(lines))
    writer.close()
    await writer.wait_closed()
    await tier.aclose()
    if await _served(url, scope, tag, entries) != min(SAMPLES, entries):
        raise RuntimeError(f"the entries of {tag} are not readable, so purging them would prove nothing")


async def _served(url: str, scope: str, tag: str, entries: int) -> int:
    """How many of a sample another cache answers as hits."""
    step = max(1, entries // SAMPLES)
    async with _cache(url, scope) as other:
        reads: list[Read[str]] = [await other.read(_key(tag, number)) for number in range(0, step * SAMPLES, step)]
    return sum(read.status is Status.HIT for read in reads)


async def _costs(cache: Cache) -> tuple[float, float]:
    """The median cost of a purge of the few and of the many, in milliseconds."""
    took: dict[str, list[float]] = {"wedding:few": [], "wedding:many": []}
    for _ in range(PURGES):
        for tag, times in took.items():
            began = time.perf_counter()
            await cache.expire(tags=[tag])
            times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took["wedding:few"]), statistics.median(took["wedding:many"])


async def _reach(url: str, scope: str, cache: Cache) -> list[float]:
    """Milliseconds from each purge's call to its effect in another process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.tag_purge", url, scope),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    found: list[float] = []
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the other process has no pipes")
    try:
        for _ in range(PURGES):
            process.stdin.write(b"next\n")
            await process.stdout.readline()
            await asyncio.sleep(0.002)
            began = time.monotonic_ns()
            await cache.expire(tags=["wedding:reach"])
            found.append((int(await process.stdout.readline()) - began) / 1e6)
    finally:
        process.stdin.close()
        await process.wait()
    return found


async def _cashews(url: str) -> float:
    """The rival's purge of a smaller tag, in milliseconds."""
    rival = Cashews()
    rival.setup(url)
    await rival.init()
    for start in range(0, THEIRS, 500):
        names = [f"theirs:{number}" for number in range(start, start + 500)]
        await asyncio.gather(*(rival.set(name, "a value", expire=3600, tags=["theirs"]) for name in names))
    began = time.perf_counter()
    await rival.delete_tags("theirs")
    took = (time.perf_counter() - began) * 1e3
    if await rival.get("theirs:7") is not None:
        raise RuntimeError("cashews still serves what it deleted")
    await rival.close()
    return took


def _packed(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


async def _watch(url: str, scope: str) -> None:
    """The other process."""
    lines: Iterator[str] = iter(sys.stdin.readline, "")
    terms: dict[str, Any] = {"tags": ["wedding:reach"], "fresh": HOUR, "stale": timedelta(0)}
    async with _cache(url, scope) as cache:
        while await asyncio.to_thread(next, lines, None) is not None:
            await cache.get_or_load("reach", _load, **terms)
            while cache.peek("reach") is None:
                await cache.get_or_load("reach", _load, **terms)
            print("armed", flush=True)
            while cache.peek("reach") is not None:  # noqa: ASYNC110 (a reader is what is measured)
                await asyncio.sleep(0.0002)
            print(time.monotonic_ns(), flush=True)


BENCHMARK = Benchmark("tag-purge", measure)

if __name__ == "__main__":
    asyncio.run(_watch(sys.argv[1], sys.argv[2]))
