"""G8, G15: how long purges are remembered, in the log and in processes, and what a lagging source does to freshness."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.cache import Load, Status
from controlplane.cache.barriers import Barriers, Standing
from controlplane.cache.settling import settled
from controlplane.domain.purge_log import NOWHERE, Barrier, Kind, Position, Purge
from controlplane.ports.second_tier import Stored
from sandbox import valkey
from tests.cache.scene import Source, in_loop, until, world

KEEP = 8 * 24 * 3600 + 120


def grow_older(server: valkey.Server, scope: str, seconds: float) -> None:
    """Accelerate: the log has seen so many seconds more go by."""
    head = f"{{wc:{scope}}}:head"
    valkey.ask(server.port, "HINCRBYFLOAT", head, "age", str(seconds))


@in_loop
async def test_the_log_forgets_a_barrier_only_after_its_time(server: valkey.Server, scope: str) -> None:
    """G8: a barrier stays for the longest time that any member asked for, counted from its last raise."""
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)

    async def held() -> set[str]:
        await log.beat("short", NOWHERE, keep=60)
        grow_older(server, scope, 1)
        await log.beat("long", NOWHERE, keep=KEEP)
        return {barrier.tag for barrier in await log.barriers()}

    await log.beat("long", NOWHERE, keep=KEEP)
    await log.append(["wedding:old", "wedding:again"], Kind.HARD)
    grow_older(server, scope, KEEP - 100)
    await log.append(["wedding:again"], Kind.SOFT)
    assert await held() == {"wedding:old", "wedding:again"}
    grow_older(server, scope, 200)
    assert await held() == {"wedding:again"}
    assert list(await log.barriers()) == [Barrier("wedding:again", 2, 1)]
    grow_older(server, scope, KEEP)
    assert await held() == set()
    await log.aclose()


@in_loop
async def test_a_clock_that_leaps_ahead_makes_nobody_forget(server: valkey.Server, scope: str) -> None:
    """G8, G1: the server's calendar ten days ahead between two beats is five seconds to the log, a step back none."""
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)
    await log.append(["wedding:a"], Kind.HARD)
    head = f"{{wc:{scope}}}:head"

    def age() -> float:
        return float(valkey.ask(server.port, "HGET", head, "age").split("\r\n")[1])

    began = age()
    for leap in (-10 * 86400, 10 * 86400):
        # As if the last call had been made ten days earlier, or later, by the server's clock.
        valkey.ask(server.port, "HINCRBYFLOAT", head, "at", str(leap))
        await log.beat("m", NOWHERE, keep=60)
    assert began <= age() < began + 7
    assert [barrier.tag for barrier in await log.barriers()] == ["wedding:a"]
    await log.aclose()


@in_loop
async def test_many_barriers_are_forgotten_a_few_at_a_time(server: valkey.Server, scope: str) -> None:
    """G8: 5,000 old barriers are gone after some beats, none of which looks at all of them; young ones stay."""
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)
    for start in range(0, 5000, 500):
        await log.append([f"guest:{number}" for number in range(start, start + 500)], Kind.HARD)
    grow_older(server, scope, 400)
    await log.append(["wedding:young"], Kind.HARD)
    left = [5001]
    for _ in range(120):
        await log.beat("m", NOWHERE, keep=300)
        grow_older(server, scope, 1.0)
        left.append(int(valkey.ask(server.port, "HLEN", f"{{wc:{scope}}}:barriers").strip(":\r\n")))
    assert left[-1] == 1
    assert all(before - after <= 500 for before, after in itertools.pairwise(left))
    assert [barrier.tag for barrier in await log.barriers()] == ["wedding:young"]
    await log.aclose()


@in_loop
async def test_a_full_server_keeps_log_and_barriers(tmp_path: Any) -> None:
    """G8: three times more values than fit under `volatile-lru`: values go, every purge and barrier stays."""
    server = valkey.start(valkey.free_port(), tmp_path, options=("--maxmemory", "6mb"))
    try:
        log = RedisPurgeLog(server.url, timeout=2)
        tier = RedisTier(server.url, read_timeout=5, write_timeout=5)
        await tier.open()
        position = (await log.append(["wedding:w"], Kind.SOFT)).position
        for number in range(180):
            value = Stored(b"x" * 100_000, position, float(number))
            assert await tier.fill(f"main:k{number}", value, 3600)
            position = (await log.append([f"wedding:w{number}"], Kind.HARD)).position
        evicted = valkey.ask(server.port, "INFO", "stats").split("evicted_keys:")[1].split("\r")[0]
        assert int(evicted) > 100, "the fault must have fired"
        assert {barrier.tag for barrier in await log.barriers()} == {f"wedding:w{n}" for n in range(180)} | {
            "wedding:w"
        }
        heard = await log.listen(Position(position.epoch, 0), 0.1)
        assert [purge.position.n for purge in heard] == list(range(1, 182))
        await log.aclose()
        await tier.aclose()
    finally:
        server.stop()


def test_a_process_forgets_by_the_last_raise() -> None:
    """G8: a barrier goes with everything that it could hold back, not sooner; a former epoch too, and then its entries
    count as removed."""
    barriers = Barriers()
    barriers.adopt(Position("e", 0), 0, (), now=0.0)
    barriers.apply(Purge(Position("e", 1), Kind.HARD, ("wedding:a", "wedding:b")), now=10.0)
    barriers.apply(Purge(Position("e", 2), Kind.SOFT, ("wedding:a",)), now=20.0)
    generation = barriers.generation
    assert barriers.forget(10.0) == 0
    assert barriers.forget(15.0) == 1
    assert barriers.standing(("wedding:a",), Position("e", 0)) is Standing.HARD
    assert barriers.standing(("wedding:b",), Position("e", 0)) is Standing.VALID
    assert barriers.generation == generation, "nothing became worse"
    barriers.adopt(Position("f", 2), 2, (), now=30.0)
    assert barriers.standing(("wedding:z",), Position("e", 1)) is Standing.LOST
    barriers.forget(30.5)
    assert barriers.standing(("wedding:z",), Position("e", 1)) is Standing.HARD


@in_loop
async def test_nothing_outlives_the_memory_of_purges() -> None:
    """G8: with any durations an entry is dead once barriers of its time may be forgotten; until then the removal holds,
    afterwards the process has forgotten it."""
    scene, source = world(), Source()
    year = timedelta(days=365)
    async with scene.cache(max_physical_ttl=1000, max_fill_delay=120) as cache:
        await cache.read("k", source, tags=["wedding:a"], fresh=year, stale=year)
        await cache.read("x", source, tags=["wedding:x"], fresh=year, stale=year)
        await until(lambda: len(scene.tier.values) == 2)
        await cache.remove(tags=["wedding:x"])
        old = Position(cache.position.epoch, 0)
        scene.clock.pass_by(999)
        await until(lambda: cache.sees_log)
        assert cache.peek("k") == "v0"
        assert cache._engine.barriers.standing(("wedding:x",), old) is Standing.HARD
        scene.clock.pass_by(2)
        await until(lambda: cache.sees_log)
        assert cache.peek("k") is None
        assert (await cache.read("k")).status is Status.MISS
        scene.clock.pass_by(120)
        await until(lambda: cache.stats.barriers_forgotten == 1)


@given(fresh=st.floats(0, 1e5), since=st.floats(-1e3, 1e5), lag=st.floats(0, 1e3))
def test_settling_shortens_only_what_was_loaded_too_soon(fresh: float, since: float, lag: float) -> None:
    """G15: sooner than the lag after a purge: fresh for the lag at most; otherwise untouched."""
    found = settled(fresh, started=since, raised_at=0.0, source_lag=lag)
    assert found == (min(fresh, lag) if since < lag else fresh)


class LaggingReplica:
    """A database replica that shows what was committed `lag` seconds ago."""

    def __init__(self, clock: Any, lag: float) -> None:
        self._clock = clock
        self._lag = lag
        self._commits = [(float("-inf"), 0)]

    def commit(self, version: int) -> None:
        self._commits.append((self._clock.monotonic(), version))

    async def __call__(self, context: Load) -> int:
        until = self._clock.monotonic() - self._lag
        return max(version for at, version in self._commits if at <= until)


@pytest.mark.parametrize("verb", ["remove", "expire"])
@in_loop
async def test_what_a_lagging_replica_answers_after_a_purge_is_fresh_for_its_lag(verb: str) -> None:
    """G15: the load right after a purge brings the older value; it is a hit for the lag only, in both tiers, and the
    next one is the newer value with its whole freshness."""
    scene = world()
    source = LaggingReplica(scene.clock, 5.0)
    terms: dict[str, Any] = {"tags": ["wedding:a"], "fresh": timedelta(hours=1), "stale": timedelta(hours=1)}
    async with scene.cache(source_lag=5.0) as cache, scene.cache(source_lag=5.0) as other:
        scene.clock.pass_by(60)
        await until(lambda: cache.sees_log and other.sees_log)
        assert await cache.get_or_load("k", source, **terms) == 0
        source.commit(1)
        await getattr(cache, verb)(tags=["wedding:a"])
        await until(lambda: other.position.n == 1)
        scene.clock.pass_by(1)
        assert (await cache.read("k", source, **terms)).value == 0, "the replica lags"
        await until(lambda: scene.tier.values)
        assert (await other.read("k", source, **terms)).value == 0
        scene.clock.pass_by(5.5)
        await until(lambda: cache.sees_log and other.sees_log)
        for one in (cache, other):
            assert (await one.read("k", source, **terms)).value == 1
        scene.clock.pass_by(1800)
        await until(lambda: cache.sees_log)
        assert cache.peek("k") == 1


@in_loop
async def test_a_primary_needs_no_settling() -> None:
    """G15: without a lag the load right after a purge is fresh for as long as was asked."""
    scene, source = world(), Source()
    async with scene.cache() as cache:
        await cache.remove(tags=["wedding:a"])
        await cache.read("k", source, tags=["wedding:a"], fresh=timedelta(hours=1))
        scene.clock.pass_by(1800)
        await until(lambda: cache.sees_log)
        assert cache.peek("k") == "v0"
        await asyncio.sleep(0)
