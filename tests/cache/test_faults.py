"""G13, G16, G17: Redis stopped or full of foreign bytes, a calendar that raises, Saturday without any network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from controlplane.adapters.redis.tier import RedisTier
from controlplane.cache import Cache, Reason, Settings, Status, TagWindow
from controlplane.domain.keys import in_namespace
from sandbox import valkey
from tests.cache.fakes import FakeClock, FakePurgeLog
from tests.cache.scene import Source, in_loop, real_cache, until, world

MINUTE = timedelta(minutes=1)
FRIDAY = datetime(2027, 6, 11, 22, 0, tzinfo=UTC)
SATURDAY = datetime(2027, 6, 12, 0, 0, tzinfo=UTC)
WINDOW = TagWindow("wedding:como", SATURDAY, SATURDAY + timedelta(hours=30))


@in_loop
async def test_a_stopped_redis_neither_raises_nor_delays(victim: valkey.Server) -> None:
    """G13: with Redis under SIGSTOP reads are answered and none hangs; it heals without a restart."""
    source = Source()
    async with real_cache(victim.url, "s", patience=0.1) as cache:
        await cache.get_or_load("warm", source)
        victim.pause()
        took = []
        number = 0
        while number < 50 or cache.sees_log:
            number += 1
            began = time.monotonic()
            assert await cache.get_or_load(f"cold {number}", source) == "v0"
            assert await cache.get_or_load("warm", source) == "v0"
            took.append(time.monotonic() - began)
            await asyncio.sleep(0.02)
        second = cache._second
        assert isinstance(second, RedisTier)
        assert second.lane.stats.timeouts, "the fault must have fired"
        assert not second.lane.is_open
        assert max(took) < 30, "a stopped Redis must not hold reads up"
        assert (await cache.read("warm", source)).reason is Reason.BLIND
        victim.wake()
        await until(lambda: cache.sees_log and second.lane.is_open)
        before, tries = second.stats.fills, 0
        while second.stats.fills == before:
            tries += 1
            await cache.get_or_load(f"after {tries}", source)
            await asyncio.sleep(0.02)
        async with real_cache(victim.url, "s") as other:
            found = [(await other.read(f"after {number}")).tier for number in range(1, tries + 1)]
            assert "redis" in found


@in_loop
async def test_a_cache_starts_without_redis() -> None:
    """G13: with nothing listening, opening takes at most its start time and reads come from the loader."""
    source = Source()
    url = f"redis://127.0.0.1:{valkey.free_port()}/0"
    async with real_cache(url, "s", start_timeout=0.3) as cache:
        assert await cache.get_or_load("k", source) == "v0"
        answer = await cache.read("k", source)
        assert (answer.status, answer.reason) == (Status.STALE, Reason.BLIND)
        assert cache.stats.log_failures >= 1
    assert source.loads == 1


class Guest(msgspec.Struct):
    """A typed value."""

    name: str
    table: int


@in_loop
async def test_damaged_and_foreign_bytes_are_a_miss_and_a_count(server: valkey.Server, scope: str) -> None:
    """G16: whatever stands under our keys, a read loads; each kind is counted, nothing is raised."""

    async def load(context: object) -> Guest:
        return Guest("Ada", 7)

    async with real_cache(server.url, scope) as cache:
        tier = cache._second
        assert isinstance(tier, RedisTier)
        for number, poison in enumerate(
            ("", "pickle\x80\x04.", "E2" + "0" * 16 + "\x01e\xc1", "E2" + "0" * 16 + "\x01e", "x" * 5000)
        ):
            name = tier.name(in_namespace("main", f"p{number}"))
            valkey.ask(server.port, "SET", name, poison)
            read = await cache.read(f"p{number}", load, as_type=Guest)
            assert (read.value, read.status) == (Guest("Ada", 7), Status.LOADED)
        valkey.ask(server.port, "LPUSH", tier.name(in_namespace("main", "list")), "x")
        assert (await cache.read("list", load, as_type=Guest)).status is Status.LOADED
        assert (cache.stats.foreign, cache.stats.damaged) == (2, 0)
        assert tier.stats.foreign == 3
        assert await cache.get_or_load("typed", load, as_type=Guest) == Guest("Ada", 7)
        await until(lambda: tier.stats.fills)
    async with real_cache(server.url, scope) as other:
        typed = await other.read("typed", as_type=Guest)
        plain = await other.read("typed-as-other", as_type=Guest)
        assert (typed.value, typed.tier) == (Guest("Ada", 7), "redis")
        assert plain.status is Status.MISS


class BrokenCalendar:
    """A calendar that cannot be read."""

    def physical_until(self, tags: Iterable[str], at: datetime) -> datetime | None:
        raise OSError("no calendar")

    def is_active(self, tags: Iterable[str], at: datetime) -> bool:
        raise OSError("no calendar")


@in_loop
async def test_a_calendar_that_raises_harms_nobody() -> None:
    """G13: with a broken calendar reads go on, and the failure is counted."""
    clock = FakeClock()
    source = Source()
    async with Cache(Settings(), log=FakePurgeLog(clock), clock=clock, windows=BrokenCalendar()) as cache:
        assert await cache.get_or_load("k", source, fresh=MINUTE, stale=MINUTE) == "v0"
        clock.pass_by(300)
        assert await cache.get_or_load("k", source, fresh=MINUTE, stale=MINUTE) == "v0"
        assert cache.stats.window_failures >= 1


@in_loop
async def test_saturday_acts_by_the_clock_with_everything_down() -> None:
    """G17: written Friday 22:00, all networks cut: an error until the second before the window, the copy from its first
    instant to its last, with reason `saturday`."""
    source, scene = Source(), world()
    scene.clock.jump((FRIDAY - scene.clock.now()).total_seconds())
    scene.windows.replace([WINDOW])
    async with scene.cache(throttle=0.001) as cache:

        async def served() -> Reason | None:
            return (await cache.read("k", source, tags=["wedding:como"], fresh=MINUTE, stale=MINUTE)).reason

        assert await served() is None
        scene.log.is_cut = scene.tier.is_cut = True
        source.error = ValueError("database down")
        scene.clock.pass_by(2 * 3600 - 1)
        with pytest.raises(ValueError, match="database down"):
            await served()
        scene.clock.pass_by(1)
        assert await served() is Reason.SATURDAY
        scene.clock.pass_by(23 * 3600)
        assert await served() is Reason.SATURDAY
        scene.clock.pass_by(7 * 3600)
        with pytest.raises(ValueError, match="database down"):
            await served()


@in_loop
async def test_physical_life_is_chosen_when_it_is_written(server: valkey.Server, scope: str) -> None:
    """G17: what is written before a window lives in Redis to the window's end; what has no window, its normal life."""
    from controlplane.adapters.redis.purge_log import RedisPurgeLog
    from controlplane.adapters.system.clock import SystemClock
    from controlplane.cache import WindowTable

    now = datetime.now(UTC)
    windows = WindowTable([TagWindow("wedding:como", now + timedelta(hours=2), now + timedelta(hours=32))])
    tier = RedisTier(server.url, scope=scope, read_timeout=5, write_timeout=5)
    source = Source()
    async with Cache(
        second=tier, log=RedisPurgeLog(server.url, scope=scope, timeout=5), clock=SystemClock(), windows=windows
    ) as cache:
        for wedding in ("como", "bari"):
            await cache.get_or_load(wedding, source, tags=[f"wedding:{wedding}"], fresh=MINUTE, stale=MINUTE)
        await until(lambda: tier.stats.fills == 2)
        left = {
            key: int(valkey.ask(server.port, "PTTL", tier.name(in_namespace("main", key))).strip(":\r\n")) / 1000
            for key in ("como", "bari")
        }
    assert left["como"] == pytest.approx(32 * 3600, abs=5)
    assert left["bari"] == pytest.approx(120, abs=5)
