"""G12 across processes: one load for all while the holder lives; the lock decides nothing and is held up by nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from controlplane.adapters.redis.lock import RedisLoadLock
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Settings
from controlplane.domain.tier import Tier
from sandbox import valkey
from tests.cache.scene import Source, in_loop, until

HIGH = frozenset({Tier.HIGH})


@asynccontextmanager
async def region(url: str, scope: str, many: int, hold: float, start: float = 20.0) -> AsyncIterator[list[Cache]]:
    """Caches that take turns for the tier `high`, holding the lock for `hold` seconds."""
    caches = [
        Cache(
            Settings(one_load=HIGH, one_load_for=hold, blind_after=30.0, start_timeout=start),
            second=RedisTier(url, scope=scope, read_timeout=20, write_timeout=20),
            log=RedisPurgeLog(url, scope=scope, timeout=20),
            clock=SystemClock(),
            lock=RedisLoadLock(url, scope=scope, timeout=20),
        )
        for _ in range(many)
    ]
    await asyncio.gather(*(cache.open() for cache in caches))
    try:
        yield caches
    finally:
        for cache in caches:
            await cache.aclose()


def looks_again(cache: Cache) -> bool:
    """Whether it has looked into Redis more than once: it waits for another one's load."""
    second = cache._second
    assert isinstance(second, RedisTier)
    return second.lane.stats.reads > 1


@in_loop
async def test_the_others_wait_for_the_holders_value(server: valkey.Server, scope: str) -> None:
    """Four caches ask for a cold key: one loads, the others get its value from Redis; a tier that does not ask for the
    lock loads in each."""
    source, plain = Source(), Source()
    source.gate.clear()
    async with region(server.url, scope, 4, 10) as caches:
        reads = [asyncio.create_task(cache.read("k", source, tier=Tier.HIGH)) for cache in caches]
        await until(lambda: source.loads and sum(map(looks_again, caches)) == 3)
        source.gate.set()
        answers = [await read for read in reads]
        assert source.loads == 1
        assert sorted(answer.tier for answer in answers) == ["loader", "redis", "redis", "redis"]
        assert {answer.value for answer in answers} == {"v0"}
        assert sum(cache.stats.loads_elsewhere for cache in caches) == 3
        plain.gate.clear()
        others = [asyncio.create_task(cache.read("m", plain, tier=Tier.LOW)) for cache in caches]
        await until(lambda: plain.loads == 4)
        plain.gate.set()
        await asyncio.gather(*others)


@in_loop
async def test_a_holder_that_outlives_its_lock_stops_nobody(server: valkey.Server, scope: str) -> None:
    """A holder that hangs costs the others the time of the lock, then the next one loads; what the late holder brings
    does not take the place of the newer value."""
    slow, source = Source(), Source(value=1)
    slow.gate.clear()
    async with region(server.url, scope, 2, 0.2) as (one, other):
        hanging = asyncio.create_task(one.read("k", slow, tier=Tier.HIGH))
        await until(lambda: slow.loads)
        assert (await other.read("k", source, tier=Tier.HIGH)).value == "v1"
        assert source.loads == 1
        slow.gate.set()
        assert (await hanging).value == "v0"
        second = other._second
        assert isinstance(second, RedisTier)
        async with region(server.url, scope, 1, 0.2) as (late,):
            assert (await late.read("k", source, tier=Tier.HIGH)).value == "v1"


@in_loop
async def test_a_failed_load_gives_the_turn_to_the_next(server: valkey.Server, scope: str) -> None:
    """The holder's error is its own callers'; the waiting process loads at once."""
    broken, source = Source(error=ValueError("database down")), Source(value=1)
    broken.gate.clear()
    async with region(server.url, scope, 2, 10) as (one, other):
        failing = asyncio.create_task(one.read("k", broken, tier=Tier.HIGH))
        await until(lambda: broken.loads)
        waiting = asyncio.create_task(other.read("k", source, tier=Tier.HIGH))
        await asyncio.sleep(0.02)
        assert not source.loads
        broken.gate.set()
        with pytest.raises(ValueError, match="database down"):
            await failing
        assert (await waiting).value == "v1"


@in_loop
async def test_without_redis_everybody_loads() -> None:
    """G13: a lock that cannot be asked is given to all, and none waits longer than its time limit."""
    source = Source()
    url = f"redis://127.0.0.1:{valkey.free_port()}/0"
    lock = RedisLoadLock(url, timeout=0.05)
    token = await lock.take("k", 1)
    assert token is not None
    with pytest.raises(StopIteration) as done:
        lock.take("k", 1).send(None)
    assert done.value.value not in (None, token), "soon after a failure nobody waits for another one"
    await lock.release("k", token)
    await lock.aclose()
    async with region(url, "s", 2, 10, start=0.3) as caches:
        answers = await asyncio.gather(*(cache.read("k", source, tier=Tier.HIGH) for cache in caches))
    assert [answer.value for answer in answers] == ["v0", "v0"]
    assert source.loads == 2


@in_loop
async def test_only_its_holder_gives_a_lock_back(server: valkey.Server, scope: str) -> None:
    """A token that is not the holder's releases nothing, and a lock ends with its time."""
    one, other = (RedisLoadLock(server.url, scope=scope, timeout=20) for _ in range(2))
    token, short = await one.take("k", 600), await one.take("short", 0.05)
    assert token is not None
    assert short is not None
    assert await other.take("k", 10) is None
    await other.release("k", "not the token")
    assert await other.take("k", 10) is None
    await asyncio.sleep(0.1)
    again = other.renewed()
    assert await again.take("short", 600) is not None
    await one.release("short", short)
    assert await one.take("short", 600) is None, "what the first one held is somebody else's by now"
    await one.release("k", token)
    assert await again.take("k", 600) is not None
    for lock in (one, other, again):
        await lock.aclose()


@pytest.mark.parametrize("fails", [False, True], ids=["loaded", "failed"])
@in_loop
async def test_a_lock_is_given_back_once_its_load_is_over(server: valkey.Server, scope: str, fails: bool) -> None:
    """A lock that may be held for ten minutes is gone from Redis as soon as its holder has loaded, well or badly."""
    source = Source(error=ValueError("database down") if fails else None)
    async with region(server.url, scope, 1, 600) as (cache,):
        held = cache._engine.turns._lock
        assert isinstance(held, RedisLoadLock)
        source.gate.clear()
        read = asyncio.create_task(cache.read("k", source, tier=Tier.HIGH))
        await until(lambda: source.loads)
        assert valkey.ask(server.port, "EXISTS", held._name("main:k")).strip() == ":1"
        source.gate.set()
        await asyncio.gather(read, return_exceptions=True)
        await until(lambda: valkey.ask(server.port, "EXISTS", held._name("main:k")).strip() == ":0")
