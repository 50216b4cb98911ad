"""Under strain: every reason for a stale answer, callers who leave, a Redis under pressure, hooks, Saturday."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from controlplane.cache import Options, Reason, Settings, Status, TagWindow
from controlplane.cache.testing import FakeRegion
from controlplane.domain.tier import Tier
from tests.cache.scene import Source, in_loop, until


@in_loop
async def test_every_reason_can_be_had_and_a_refresh_fails_once_per_throttle() -> None:
    """G11: each stale answer has a reason of the list, each reason occurs, and loads are counted."""
    region, source = FakeRegion(), Source()
    async with region.cache(Settings(soft_timeout=0.01, throttle=5.0)) as cache:

        async def reason(**options: Any) -> Reason | None:
            read = await cache.read("k", source, fresh="60s", stale="1h", **options)
            assert (read.status is Status.STALE) == (read.reason is not None)
            return read.reason

        assert await reason() is None
        await cache.expire("k")
        assert (await cache.read("k")).reason is Reason.SOFT_PURGED
        await region.pass_by("61s")
        source.error = ValueError("down")
        assert [await reason() for _ in range(5)] == [Reason.LOAD_FAILED] * 5
        assert source.loads == 2
        await region.pass_by("6s")
        assert await reason() is Reason.LOAD_FAILED
        assert source.loads == 3
        await region.pass_by("6s")
        source.error = None
        source.gate.clear()
        assert await reason() is Reason.LOAD_SLOW
        source.gate.set()
        await until(lambda: cache.peek("k") is not None)
        await region.pass_by("61s")
        assert await reason(refresh_ahead=0) is Reason.REFRESHING
        await until(lambda: cache.peek("k") is not None)
        region.log.is_cut = True
        await region.pass_by("3s")
        assert await reason() is Reason.BLIND
    seen = {Reason.SOFT_PURGED, Reason.LOAD_FAILED, Reason.LOAD_SLOW, Reason.REFRESHING, Reason.BLIND}
    assert seen | {Reason.SATURDAY} == set(Reason), "Saturday is tested with the faults"


@in_loop
async def test_a_hundred_thousand_leavers_harm_nobody() -> None:
    """G12: of 102,000 callers of one load all but 2,000 leave; those get the value, from one load."""
    region, source = FakeRegion(), Source()
    source.gate.clear()
    async with region.cache(Settings(hard_timeout=600.0)) as cache:
        stayers: list[asyncio.Task[str]] = []
        for _ in range(10):
            callers = [asyncio.create_task(cache.get_or_load("k", source)) for _ in range(10_200)]
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            for number, caller in enumerate(callers):
                if number % 51:
                    caller.cancel()
            stayers.extend(callers[::51])
            left = await asyncio.gather(*(c for n, c in enumerate(callers) if n % 51), return_exceptions=True)
            assert all(isinstance(answer, asyncio.CancelledError) for answer in left)
        source.gate.set()
        assert set(await asyncio.gather(*stayers)) == {"v0"}
        assert len(stayers) == 2000
    assert source.loads == 1


@in_loop
async def test_under_pressure_low_is_shed_first_then_medium() -> None:
    """Refreshes of low, then medium, are left out while Redis fails; high ones, and keys without a copy, load."""
    region, source = FakeRegion(), Source()
    async with region.cache() as cache:

        async def read(tier: Tier) -> tuple[Reason | None, int]:
            answer = await cache.read(tier.value, source, tier=tier, fresh="60s", stale="1h")
            return answer.reason, source.loads

        for tier in (Tier.LOW, Tier.MEDIUM, Tier.HIGH):
            await read(tier)
        await region.pass_by("61s")
        region.tier.is_cut = True
        shared = cache._engine.shared
        assert shared is not None
        for number in range(20):
            await cache.get(f"absent {number}")
            region.clock.pass_by(0.02)
        assert shared.pressure().phase.value != "closed", "the fault must have fired"
        assert await read(Tier.LOW) == (Reason.REFRESHING, 3)
        assert await read(Tier.MEDIUM) == (Reason.REFRESHING, 3)
        assert await read(Tier.HIGH) == (None, 4)
        assert cache.stats.refreshes_shed == 2
        assert await cache.get_or_load("new", source, tier=Tier.LOW) == "v0"


@in_loop
async def test_hooks_hear_of_it_and_harm_nothing() -> None:
    """Evictions, stale answers and failed refreshes are told after the answer; a failing hook is counted."""
    region, source = FakeRegion(), Source()
    told: list[tuple[Any, ...]] = []

    def broken(*what: Any) -> None:
        raise ValueError("hook")

    async with region.cache(Settings(max_entries=2)) as cache:
        cache.hooks.on_stale(broken)
        cache.hooks.on_stale(lambda key, reason: told.append((key, reason)))
        cache.hooks.on_evicted(lambda key: told.append(("evicted", key)))
        cache.hooks.on_refresh_failed(lambda key, error: told.append((key, str(error))))
        await cache.get_or_load("k", source)
        await cache.expire("k")
        source.error = ValueError("down")
        assert (await cache.read("k", source)).value == "v0"
        await until(lambda: len(told) == 2)
        assert sorted(told, key=str) == [("k", "down"), ("k", Reason.LOAD_FAILED)]
        assert cache.stats.hook_failures == 1
        source.error = None
        for number in range(4):
            await cache.get_or_load(f"n {number}", source)
        await until(lambda: [what for what in told if what[0] == "evicted"])


@in_loop
async def test_saturday_for_many_and_decorated() -> None:
    """G17 through the other verbs: in a window a copy that is past its time is served by them as well."""
    region = FakeRegion()
    start = region.clock.now() + timedelta(hours=2)
    region.windows.replace([TagWindow("wedding:como", start, start + timedelta(hours=30))])
    is_down = False
    async with region.cache(Settings(options=Options(fresh="60s", stale="60s"))) as cache:

        @cache.cached("guests:{wedding}", tags=["wedding:{wedding}"])
        async def guests(wedding: str) -> str:
            if is_down:
                raise ValueError("database down")
            return "list"

        await guests("como")
        is_down = True
        await region.pass_by("1h")
        with pytest.raises(ValueError, match="database down"):
            await guests("como")
        await region.pass_by("1h")
        assert await guests("como") == "list"

        async def load(keys: Any) -> dict[str, str]:
            raise ValueError("database down")

        many = await cache.get_many_or_load(["guests:como"], load, tags=["wedding:como"])
        assert many.reads["guests:como"].reason is Reason.SATURDAY
