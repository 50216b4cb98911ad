"""G6, G7 on a real server: loads and fills that were begun before a purge and arrive after it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from controlplane.adapters.redis.connect import script
from controlplane.adapters.redis.header import VALUE, header
from controlplane.adapters.redis.lock import RedisLoadLock
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load, Settings, Status
from controlplane.domain.purge_log import Kind, Position
from controlplane.domain.tier import Tier
from controlplane.ports.second_tier import Stored
from sandbox import valkey
from tests.cache.scene import in_loop, until

TAGS = ["wedding:como"]
POINTS = (
    "before it reads",
    "after it read",
    "before its fill",
    "after a fetch",
    "in a refresh",
    "waiting for the lock",
)


class Gate:
    """Stops whoever comes to its point first, until it is opened; everybody else passes."""

    def __init__(self, point: str) -> None:
        self.point = point
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def at(self, point: str) -> None:
        if point == self.point and not self.reached.is_set():
            self.reached.set()
            await self.opened.wait()


class ParkedTier(RedisTier):
    """A second tier whose fills and fetches go through the gate."""

    def __init__(self, gate: Gate, url: str, scope: str) -> None:
        super().__init__(url, scope=scope, read_timeout=5, write_timeout=5)
        self._gate = gate

    async def fill(self, key: str, stored: Stored, life: float) -> bool:
        await self._gate.at("before its fill")
        return await super().fill(key, stored, life)

    async def fetch(self, key: str) -> Stored | None:
        found = await super().fetch(key)
        if found is not None:
            await self._gate.at("after a fetch")
        return found


class Database:
    """What loaders read: one number, through the gate."""

    def __init__(self, gate: Gate) -> None:
        self.version = 0
        self.loads = 0
        self._gate = gate

    async def __call__(self, context: Load) -> int:
        self.loads += 1
        await self._gate.at("before it reads")
        if context.has_previous:
            seen = self.version
            await self._gate.at("in a refresh")
            return seen
        seen = self.version
        await self._gate.at("after it read")
        return seen


def cache(url: str, scope: str, tier: RedisTier, **more: Any) -> Cache:
    """A cache over a real server, patient with a busy machine."""
    return Cache(
        Settings(one_load=frozenset(Tier)),
        second=tier,
        log=RedisPurgeLog(url, scope=scope, timeout=5),
        clock=SystemClock(),
        **more,
    )


@pytest.mark.parametrize("verb", ["remove", "expire"])
@pytest.mark.parametrize("point", POINTS)
@in_loop
async def test_what_began_before_a_purge_is_never_kept(
    server: valkey.Server, scope: str, point: str, verb: str
) -> None:
    """G6: parked at each point of its way while another process purges, a load answers only who asked before; nobody
    who asks later gets the older value, from any tier of any process."""
    gate = Gate(point)
    load = Database(gate)
    lock = RedisLoadLock(server.url, scope=scope, timeout=1) if point == "waiting for the lock" else None
    tier = ParkedTier(gate, server.url, scope)
    second = RedisTier(server.url, scope=scope, read_timeout=5, write_timeout=5)
    async with (
        cache(server.url, scope, tier, lock=lock) as here,
        cache(server.url, scope, second) as other,
    ):

        async def read(where: Cache) -> Any:
            terms = {"fresh": timedelta(seconds=0.05 if point == "in a refresh" else 60), "stale": timedelta(hours=1)}
            return await where.read("k", load, tags=TAGS, **terms)  # type: ignore[arg-type]  # options by name

        token = None
        if point == "after a fetch":
            await read(other)
            await until(lambda: second.stats.fills)
        elif point == "in a refresh":
            await read(here)
            await asyncio.sleep(0.06)
        elif lock is not None:
            token = await lock.take("main:k", 60)
        before = asyncio.create_task(read(here))
        if lock is None:
            await asyncio.wait_for(gate.reached.wait(), 30)
        else:
            await until(lambda: tier.lane.stats.reads > 1)
        load.version = 1
        n = (await getattr(other, verb)(tags=TAGS), other.position.n)[1]
        await until(lambda: here.position.n >= n)
        after = asyncio.create_task(read(here))
        await asyncio.sleep(0.01)
        gate.opened.set()
        if lock is not None and token is not None:
            await lock.release("main:k", token)
        assert (await after).value == 1, "who asks after the purge gets what came after it"
        assert (await before).value in (0, 1)
        await until(lambda: not tier_is_busy(here))
        assert here.peek("k") in (1, None)
        assert (await read(here)).value == 1
        assert (await read(other)).value == 1
    late = RedisTier(server.url, scope=scope, read_timeout=5, write_timeout=5)
    async with cache(server.url, scope, late) as another:
        assert (await read(another)).value == 1


def packed(*words: str | int | bytes) -> bytes:
    """One command as the protocol has it."""
    raw = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in raw)


def tier_is_busy(cache: Cache) -> bool:
    """Whether fills are under way."""
    shared = cache._engine.shared
    return shared is not None and bool(shared._fills)


@in_loop
async def test_a_hundred_thousand_late_fills_revive_nothing(server: valkey.Server, scope: str) -> None:
    """G7: fills that began before their key was removed and arrive afterwards, 100,000 of them, are all refused; one
    that began later is taken."""
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)
    tier = RedisTier(server.url, scope=scope, read_timeout=5, write_timeout=5)
    await tier.open()
    keys = [f"main:k{number}" for number in range(100)]
    before = (await log.append(["wedding:x"], Kind.SOFT)).position
    removal = (await log.append([f"key:{key}" for key in keys], Kind.HARD)).position
    await tier.bury(keys, removal, 1000.0, 120)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(packed("SCRIPT", "LOAD", script("fill")))
    await reader.readline()
    sha = (await reader.readline()).decode().strip()
    # Begun with what was applied before the removal; born before it, and after it by a clock that is wrong.
    fills = [
        packed("EVALSHA", sha, 1, tier.name(key), header(VALUE, before, born) + b"late", 60_000)
        for key in keys
        for born in (999.0, 1_001.0)
    ]
    for _ in range(500):
        writer.write(b"".join(fills))
        answers = await reader.readexactly(len(b":0\r\n") * len(fills))
        assert answers == b":0\r\n" * len(fills)
    writer.close()
    await writer.wait_closed()
    assert [await tier.fetch(key) for key in keys] == [None] * 100
    other_epoch = Stored(b"late", Position("another", 9), 999.0)
    assert not await tier.fill(keys[0], other_epoch, 60.0), "of a lost epoch: by when it was born"
    assert await tier.fill(keys[0], Stored(b"new", removal, 1001.0), 60.0)
    assert (await tier.fetch(keys[0])) == Stored(b"new", removal, 1001.0)
    await tier.aclose()
    await log.aclose()


@in_loop
async def test_a_fill_that_waited_longer_than_a_tombstone_lives_is_dropped() -> None:
    """G7: beyond max_fill_delay nothing guards the key any more, so such a fill is not sent."""
    from tests.cache.scene import Source, world

    scene, source = world(), Source()
    async with scene.cache(max_fill_delay=120) as cache:
        source.gate.clear()
        reading = asyncio.create_task(cache.read("k", source, fresh=timedelta(hours=1)))
        await until(lambda: source.loads)
        scene.clock.pass_by(121)
        source.gate.set()
        assert (await reading).status is Status.LOADED
        await until(lambda: cache.stats.fills_dropped == 1)
        assert not scene.tier.values
