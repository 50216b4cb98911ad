"""A bulk import: what `put_many` saves over one `put` a guest, until everything is in Redis."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from statistics import median

from benchmarks.memory_hit import server
from benchmarks.row import Benchmark, Row
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Settings
from controlplane.domain.tier import Tier

GUESTS = 1_000
CHUNK = 500
ROUNDS = 3
BAR = 3.0


def measure() -> list[Row]:
    """One row: milliseconds for a thousand guests."""
    with server() as url:
        return [asyncio.run(_measured(url))]


async def _measured(url: str) -> Row:
    scope = f"bench-{secrets.token_hex(4)}"
    tier = RedisTier(url, scope=scope)
    together: list[float] = []
    apart: list[float] = []
    async with Cache(Settings(), log=RedisPurgeLog(url, scope=scope), second=tier, clock=SystemClock()) as cache:
        for number in range(ROUNDS):
            guests = {f"guest:{number * GUESTS + n}": {"name": f"Guest {n}", "table": n % 20} for n in range(GUESTS)}
            apart.append(await _taken(tier, lambda guests=guests: _one_by_one(cache, guests)))  # type: ignore[misc]  # a default binds the guests
            together.append(await _taken(tier, lambda guests=guests: _in_chunks(cache, guests)))  # type: ignore[misc]  # as above
        assert tier.stats.fills == 2 * ROUNDS * GUESTS, "every guest reached Redis"
    ratio = median(single / many for single, many in zip(apart, together, strict=True))
    return Row(
        name="bulk-import",
        what=f"{GUESTS} guests into memory and Redis by put_many",
        ours=round(median(together) * 1000, 1),
        unit="ms",
        floor=round(median(apart) * 1000, 1),
        ratio=round(1 / ratio, 3),
        bar=f"one put each >= {BAR:g}x",
        holds=ratio >= BAR,
        conditions=(
            f"chunks of {CHUNK}, two tags a guest, until the last fill was answered, a server on the same machine, "
            f"median of {ROUNDS}; one put after the other takes {ratio:.1f}x as long (the floor here)"
        ),
    )


async def _one_by_one(cache: Cache, guests: dict[str, dict[str, object]]) -> None:
    for key, guest in guests.items():
        assert await cache.put(key, guest, tier=Tier.HIGH, tags=[key, "wedding:como"])


async def _in_chunks(cache: Cache, guests: dict[str, dict[str, object]]) -> None:
    keys = list(guests)
    for start in range(0, len(keys), CHUNK):
        chunk = {key: guests[key] for key in keys[start : start + CHUNK]}
        assert await cache.put_many(chunk, tier=Tier.HIGH, tags=lambda key: [key, "wedding:como"]) == len(chunk)


async def _taken(tier: RedisTier, work: Callable[[], Awaitable[None]]) -> float:
    """Seconds until the work is done and every guest is in Redis."""
    wanted = tier.stats.fills + GUESTS
    begun = time.monotonic()
    await work()
    while tier.stats.fills < wanted:  # noqa: ASYNC110 (the tier counts, it does not tell)
        await asyncio.sleep(0.001)
    return time.monotonic() - begun


BENCHMARK = Benchmark("bulk-import", measure)
