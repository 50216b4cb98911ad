"""G11: a loader whose own work is cancelled has failed like any other: counted, told, and not repeated at once."""

from __future__ import annotations

import asyncio

import pytest

from controlplane.cache import Load, Reason, Settings
from controlplane.cache.testing import FakeRegion
from controlplane.errors import Unavailable
from tests.cache.scene import Source, in_loop, until


class Cancelled:
    """A loader that waits for something that somebody cancels."""

    def __init__(self) -> None:
        self.loads = 0

    async def __call__(self, context: Load) -> str:
        self.loads += 1
        inner = asyncio.get_running_loop().create_task(asyncio.sleep(30))
        await asyncio.sleep(0)
        inner.cancel()
        await inner
        return "never"


@in_loop
async def test_a_refresh_that_is_cancelled_within_is_repeated_once_per_throttle() -> None:
    """Twenty reads of an expired key get the copy for the one refresh that failed; after the throttle it is tried
    again."""
    region, load, told = FakeRegion(), Cancelled(), []
    async with region.cache(Settings(throttle=5.0)) as cache:
        cache.hooks.on_refresh_failed(lambda key, error: told.append((key, type(error))))
        await cache.get_or_load("k", Source())
        await cache.expire("k")
        reads = [await cache.read("k", load) for _ in range(20)]
        assert {(read.value, read.reason) for read in reads} == {("v0", Reason.LOAD_FAILED)}
        assert load.loads == cache.stats.load_failures == 1
        await until(lambda: told)
        assert told == [("k", Unavailable)]
        await region.pass_by("6s")
        await cache.read("k", load)
        assert load.loads == 2


@in_loop
async def test_without_a_copy_its_callers_are_told() -> None:
    """They get Unavailable, not a cancellation that nobody asked for; one who is cancelled himself stays so."""
    load = Cancelled()
    async with FakeRegion().cache() as cache:
        with pytest.raises(Unavailable, match="cancelled from within"):
            await cache.get_or_load("k", load)
        with cache.disabled(), pytest.raises(Unavailable, match="cancelled from within"):
            await cache.get_or_load("k", load)
        slow = Source()
        slow.gate.clear()
        caller = asyncio.create_task(cache.get_or_load("slow", slow))
        await until(lambda: slow.loads)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        slow.gate.set()
        with cache.disabled():
            slow.gate.clear()
            caller = asyncio.create_task(cache.get_or_load("slow", slow))
            await until(lambda: slow.loads == 2)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
