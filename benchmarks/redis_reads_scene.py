"""What the benchmarks of Redis reads share: a real server, the same values for everyone, the contestants."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import redis.asyncio as redis
import uvloop
from glide import GlideClient, GlideClientConfiguration, NodeAddress

from controlplane.adapters.redis import address
from controlplane.adapters.redis.lane import Lane
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load, Settings
from controlplane.domain.tier import Tier
from sandbox import valkey

KEYS = 8_000
POOLS = (8, 16, 64, 256)
Get = Callable[[int], Awaitable[Any]]
# Nobody may time out here: that is measured elsewhere.
PATIENT = 10.0


class Guest(msgspec.Struct, frozen=True):
    """A value of 0.3 KB."""

    ident: int
    name: str
    table: int
    notes: str


def guest(number: int) -> Guest:
    """The value of a key."""
    return Guest(number, f"Guest {number}", number % 20, "n" * 250)


def tags(number: int) -> tuple[str, str]:
    """Two tags an entry."""
    return (f"wedding:{number % 50}", "page:guests")


def run(work: Callable[[str], Coroutine[Any, Any, Any]]) -> Any:
    """Run a measurement on uvloop, which suits every contestant best, against a server of its own."""
    with server() as running:
        return uvloop.run(work(running.url))


@contextmanager
def server() -> Iterator[valkey.Server]:
    """A real Valkey."""
    with tempfile.TemporaryDirectory() as folder:
        running = valkey.start(valkey.free_port(), Path(folder))
        try:
            yield running
        finally:
            running.stop()


def cache(url: str, tier: RedisTier) -> Cache:
    """Our whole client; memory has room for all and is emptied before each round, so every read goes to Redis."""
    return Cache(
        Settings(blind_after=30.0),
        second=tier,
        log=RedisPurgeLog(url, scope="bench", timeout=PATIENT),
        clock=SystemClock(),
    )


async def never(context: Load) -> Guest:
    """A loader that must not be called: everything is in Redis."""
    raise AssertionError(f"{context.key} was not in Redis")


@dataclass
class Contestants:
    """Reads by number; the raw ones give bytes, the typed ones a Guest."""

    lane: Get
    typed: Get
    redis_raw: Get
    redis_typed: Get
    glide_raw: Get
    glide_typed: Get
    ours: Cache
    pool: int


def _rival(place: address.Address, pool: int) -> redis.Redis:
    """redis.asyncio with so many connections, none of whose reads fails for want of one."""
    return redis.Redis.from_pool(
        redis.BlockingConnectionPool(
            host=place.host, port=place.port, max_connections=pool, timeout=60, socket_timeout=60, protocol=2
        )
    )


async def _best_pool(place: address.Address) -> int:
    """The number of connections with which redis.asyncio is fastest here, of some that people use."""
    took = {}
    for pool in POOLS:
        rival = _rival(place, pool)
        await asyncio.gather(*(rival.get("k:0") for _ in range(300)))
        began = time.perf_counter()
        await asyncio.gather(*(rival.get(f"k:{number}") for number in range(1000)))
        took[pool] = time.perf_counter() - began
        await rival.aclose(close_connection_pool=True)
    return min(took, key=lambda pool: took[pool])


@asynccontextmanager
async def contestants(url: str) -> AsyncIterator[Contestants]:
    """Everyone, connected, with the same values; redis.asyncio with its best pool."""
    place = address.parse(url)
    pool = await _best_pool(place)
    lane = Lane(place, timeout=PATIENT)
    await lane.open()
    rival = _rival(place, pool)
    glide = await GlideClient.create(
        GlideClientConfiguration([NodeAddress(place.host, place.port)], request_timeout=60_000)
    )
    decoder = msgspec.msgpack.Decoder(Guest)
    await rival.mset({f"k:{number}": msgspec.msgpack.encode(guest(number)) for number in range(KEYS)})
    tier = RedisTier(url, scope="bench", read_timeout=PATIENT, write_timeout=PATIENT)
    async with cache(url, tier) as ours:
        await fill(ours, tier)
        # As the guide advises services: the collector need not look through what the start made.
        gc.collect()
        gc.freeze()

        async def typed(number: int) -> Guest:
            return await ours.get_or_load(f"k:{number}", never, tier=Tier.HIGH, tags=tags(number), as_type=Guest)

        async def redis_typed(number: int) -> Guest:
            return decoder.decode(cast(bytes, await rival.get(f"k:{number}")))

        async def glide_typed(number: int) -> Guest:
            return decoder.decode(await glide.get(f"k:{number}") or b"")

        try:
            yield Contestants(
                lane=lambda number: lane.get(f"k:{number}"),
                typed=typed,
                redis_raw=lambda number: rival.get(f"k:{number}"),
                redis_typed=redis_typed,
                glide_raw=lambda number: glide.get(f"k:{number}"),
                glide_typed=glide_typed,
                ours=ours,
                pool=pool,
            )
        finally:
            await lane.aclose()
            gc.unfreeze()
            await glide.close()
            await rival.aclose(close_connection_pool=True)


async def fill(ours: Cache, tier: RedisTier) -> None:
    """Put every value into Redis, and wait until it is there."""
    async with asyncio.timeout(60):
        for first in range(0, KEYS, 500):
            numbers = {f"k:{number}": number for number in range(first, first + 500)}
            values = {key: guest(number) for key, number in numbers.items()}
            await ours.put_many(values, tier=Tier.HIGH, tags=lambda key: tags(int(key.partition(":")[2])))
            while tier.stats.fills + tier.stats.failed < first + 500:  # noqa: ASYNC110  (fills run behind, by design)
                await asyncio.sleep(0.005)
    if tier.stats.failed:
        raise RuntimeError(f"{tier.stats.failed} values did not come into Redis")
