"""G6 across processes: who waits for another process's load is not answered by what was purged meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from controlplane.cache import Cache, Settings
from controlplane.cache.testing import FakeRegion
from controlplane.domain.keys import in_namespace
from controlplane.domain.tier import Tier
from tests.cache.scene import Source, in_loop, until

NAME = in_namespace("main", "k")


class HeldLock:
    """A lock that another process holds until it is `free`."""

    def __init__(self) -> None:
        self.free = False

    async def take(self, key: str, seconds: float) -> str | None:
        return "token" if self.free else None

    async def release(self, key: str, token: str) -> None:
        return

    async def aclose(self) -> None:
        return


@pytest.mark.parametrize("how", ["expire", "remove", "neither"])
@in_loop
async def test_a_waiter_takes_the_holders_value_unless_it_was_purged(how: str) -> None:
    """The holder, which has not heard of a purge yet, fills after it: who waits for its value and has applied the purge
    goes on waiting and loads in its turn; without a purge it takes the value."""
    region, lock, source = FakeRegion(), HeldLock(), Source(value=1)
    async with region.cache() as holder:
        assert await holder.put("k", "v0", tags=["wedding:como"], tier=Tier.HIGH)
        await until(lambda: NAME in region.tier.values)
        late = region.tier.values.pop(NAME)
        settings = Settings(one_load=frozenset({Tier.HIGH}), one_load_for=60)
        async with Cache(settings, second=region.tier, log=region.log, clock=region.clock, lock=lock) as waiter:
            read = asyncio.create_task(waiter.read("k", source, tags=["wedding:como"], tier=Tier.HIGH))
            await looked(region)
            if how != "neither":
                await getattr(waiter, how)(tags=["wedding:como"])
            region.tier.values[NAME] = late
            if how == "neither":
                assert ((await read).value, source.loads) == ("v0", 0)
                return
            await looked(region)
            assert not read.done()
            lock.free = True
            assert ((await read).value, source.loads) == ("v1", 1)


async def looked(region: FakeRegion) -> None:
    """Wait until somebody looked into the second tier twice more."""
    before = region.tier.fetches
    await until(lambda: region.tier.fetches > before + 1)


@in_loop
async def test_nobody_waits_longer_than_the_lock_is_held() -> None:
    """A lock that its holder never gives back, and that never ends, costs a waiter its time once: then he loads."""
    region, lock, source = FakeRegion(), HeldLock(), Source()
    settings = Settings(one_load=frozenset({Tier.HIGH}), one_load_for=60)
    async with Cache(settings, second=region.tier, log=region.log, clock=region.clock, lock=lock) as waiter:
        read = asyncio.create_task(waiter.read("k", source, tier=Tier.HIGH))
        await looked(region)
        assert not read.done()
        region.clock.pass_by(61)
        assert ((await read).value, source.loads) == ("v0", 1)
