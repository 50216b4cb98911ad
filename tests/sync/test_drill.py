"""The drill: it counts what callers were told while a real region dies, and it finds a loss where there is one."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

from controlplane.adapters.system.clock import SystemClock
from controlplane.cache.serializers import MsgPack
from controlplane.sync import Records
from controlplane.sync.drill import read_back, write_series
from tests.cache.scene import in_loop
from tests.fakes.region_store import FakeRegionStore
from tests.sync.regions import HOME, NEAR, REGIONS, founded, records
from tests.sync.three_regions import World, running

WRITES = 120


async def _everywhere(world: World, stack: AsyncExitStack) -> dict[str, Records]:
    """One process of records in each region."""
    found = {}
    for region in REGIONS:
        made = await stack.enter_async_context(world.stores(10))
        found[region] = await stack.enter_async_context(
            Records(made, here=region, clock=SystemClock(), serializer=MsgPack(), deadline=10)
        )
    return found


@in_loop
async def test_a_region_dies_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    """C15: kill -9 of the home region's server in the middle of a series: writes are acknowledged before and after it,
    every one of them is read back from all three regions, and with two regions dead none is acknowledged."""
    async with running(tmp_path) as world, AsyncExitStack() as stack:
        everywhere = await _everywhere(world, stack)
        writing = asyncio.create_task(write_series(list(everywhere.values()), "drill", WRITES, pause=0.005))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(world.regions[HOME].kill)
        series = await writing
        told = [*series.acknowledged, *series.refused, *series.may_have_been]
        assert sorted(told) == sorted(f"drill:{n}" for n in range(WRITES))
        assert f"drill:{WRITES - 1}" in series.acknowledged
        assert len(series.acknowledged) >= WRITES // 2, "a dead minority stops nobody"
        assert await read_back(everywhere, series) == {region: [] for region in REGIONS}
        await asyncio.to_thread(world.regions[NEAR].kill)
        after = await write_series([everywhere[HOME]], "after", 2)
        assert (len(after.acknowledged), len(after.may_have_been)) == (0, 2)


@in_loop
async def test_a_loss_is_found() -> None:
    """Two regions that lose what they had, and vote on as if nothing had happened, are told by the reading back."""
    async with founded("") as made, records(made) as ours:
        series = await write_series([ours], "drill", 20)
        await ours.aclose()
        assert len(series.acknowledged) == 20
        for region in (HOME, NEAR):
            store = made[region]
            assert isinstance(store, FakeRegionStore)
            for voter in store.voters.values():
                voter.records.clear()
        stopped = {HOME: made[HOME], NEAR: made[NEAR], REGIONS[2]: FakeRegionStore(REGIONS[2], lambda: 0, is_cut=True)}
        async with records(stopped) as reader:
            assert await read_back({HOME: reader}, series) == {HOME: list(series.acknowledged)}


@in_loop
async def test_a_series_can_be_stopped() -> None:
    """A drill that is told to stop writes nothing more, and has counted what it wrote."""
    async with founded("") as made, records(made) as ours:
        stop = asyncio.Event()
        writing = asyncio.create_task(write_series([ours], "drill", 10_000, stop=stop))
        await asyncio.sleep(0.05)
        stop.set()
        assert 0 < len((await writing).acknowledged) < 10_000
