"""S2-S4 on three real servers that are killed, stopped, emptied, rolled back and cut off, one after the other."""

from __future__ import annotations

import asyncio
from pathlib import Path

from controlplane.adapters.system.clock import SystemClock
from controlplane.cache.serializers import MsgPack
from controlplane.sync import Records
from tests.cache.scene import in_loop
from tests.sync.regions import REGIONS
from tests.sync.three_regions import FAULTS, LOSSES, World, running

CLIENTS = 5
KEYS = 12


@in_loop
async def test_no_fault_of_one_region_loses_or_reorders_anything(tmp_path: Path) -> None:
    """S2-S4: every fault strikes while five clients with clocks 250 ms apart write and read: each key's history is
    linearizable, also with what all three regions answer at the end, so no acknowledged write is lost."""
    async with running(tmp_path) as world:
        over, ending = asyncio.Event(), asyncio.Event()
        clients = [asyncio.create_task(world.client(number, KEYS, over)) for number in range(CLIENTS)]
        agents = [asyncio.create_task(world.agent(name, ending)) for name in REGIONS]
        for place, fault in enumerate(FAULTS):
            name = REGIONS[place % 3]
            await fault(world.regions[name])
            if fault in LOSSES:
                await world.healed(name)
        over.set()
        await asyncio.gather(*clients)
        ending.set()
        await asyncio.gather(*agents)
        await _read_everywhere(world)
        for key, history in world.histories.items():
            assert not history.violations(), (key, history.violations()[0])
            assert len({read.value for read in history.reads[-3:]}) == 1, key
        assert world.counts["acknowledged"] > 20, world.counts
        async with world.stores(20) as made:
            incarnations = [(await made[name].look("key 0")).standing.incarnation for name in REGIONS]
        assert all(n >= 2 for n in incarnations), "flushed, rolled back, emptied: each came back as another one"


async def _read_everywhere(world: World) -> None:
    """Into the histories: what every region answers at the end."""
    async with world.stores(20) as made:
        for here in REGIONS:
            async with Records(made, here=here, clock=SystemClock(), serializer=MsgPack(), deadline=20) as records:
                for number in range(KEYS):
                    await world.get(records, f"key {number}")
