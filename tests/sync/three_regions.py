"""Three real servers behind endpoints that can be cut, their faults, and clients that write down what they saw."""

from __future__ import annotations

import asyncio
import random
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from controlplane.adapters.redis.region_store import RedisRegionStore
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache.serializers import MsgPack
from controlplane.domain.record import PARTITIONS, Change, State, Verb
from controlplane.errors import Refused, Unavailable, UnsafeClock
from controlplane.ports.region_store import RegionStore
from controlplane.sync import STRONG, Mending, Records, Superseded
from sandbox import valkey
from tests.cache.switchboard import Switchboard
from tests.sync.regions import REGIONS
from tests.sync.zones import NEVER, History, Read, Write

DEADLINE = 1.0


@dataclass
class SkewedClock:
    """The machine's clock, off by so many seconds."""

    seconds: float

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Region:
    """One region: its server, the endpoint in front of it, its folder with the snapshot that it starts from."""

    name: str
    server: valkey.Server
    endpoint: Switchboard
    folder: Path

    @property
    def snapshot(self) -> Path:
        return self.folder / "dump.rdb"

    def kill(self) -> None:
        """kill -9."""
        self.server.stop()

    async def restart(self) -> None:
        """kill -9, and another process on the same port, from whatever snapshot is there."""
        await asyncio.to_thread(self.kill)
        self.server = await asyncio.to_thread(valkey.start, self.server.port, self.folder)


@dataclass
class World:
    """Three regions and what clients saw of them."""

    regions: dict[str, Region]
    histories: defaultdict[str, History] = field(default_factory=lambda: defaultdict(History))
    counts: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def stores(self, patience: float = DEADLINE) -> AsyncIterator[dict[str, RegionStore]]:
        """One process's connections to the endpoints."""
        made: dict[str, RegionStore] = {
            name: RedisRegionStore(region.endpoint.url, timeout=patience) for name, region in self.regions.items()
        }
        try:
            yield made
        finally:
            for store in made.values():
                await store.aclose()

    async def client(self, number: int, keys: int, until: asyncio.Event) -> None:
        """One client: strong writes and reads, one after the other, with a clock of its own."""
        dice = random.Random(number)
        clock = SkewedClock(dice.uniform(-0.25, 0.25))
        here = REGIONS[number % 3]
        async with (
            self.stores() as made,
            Records(made, here=here, clock=clock, serializer=MsgPack(), deadline=DEADLINE) as records,
        ):
            count = 0
            while not until.is_set():
                key = f"key {dice.randrange(keys)}"
                if dice.random() < 0.5:
                    count += 1
                    await self.put(records, key, f"{number}.{count}")
                else:
                    await self.get(records, key)
                await asyncio.sleep(dice.uniform(0, 0.01))

    async def put(self, records: Records, key: str, value: str) -> None:
        """One write into the history."""
        start, end, is_sure, is_void = time.monotonic(), NEVER, False, False
        try:
            await records.put(key, value, level=STRONG)
            end, is_sure = time.monotonic(), True
            self.counts["acknowledged"] += 1
        except Superseded:
            end = time.monotonic()
            self.counts["superseded"] += 1
        except UnsafeClock:
            is_void = True
        except Unavailable:
            self.counts["unavailable"] += 1
        self.histories[key].writes.append(Write(value, start, end, is_sure, is_void))

    async def get(self, records: Records, key: str) -> None:
        """One read into the history; one that fails saw nothing."""
        start = time.monotonic()
        try:
            value = await records.get(key, level=STRONG)
        except Unavailable:
            self.counts["failed reads"] += 1
            return
        self.counts["reads"] += 1
        self.histories[key].reads.append(Read(value, start, time.monotonic()))

    async def agent(self, name: str, until: asyncio.Event) -> None:
        """A region's agent looks after its voter."""
        async with self.stores() as made:
            while not until.is_set():
                try:
                    self.counts["caught up"] += bool(await Mending(made, clock=SystemClock()).mend(name))
                except (Unavailable, Refused):
                    self.counts["not mended yet"] += 1
                await asyncio.sleep(0.5)

    async def healed(self, name: str) -> None:
        """Wait until the voter of a region votes in every partition."""
        deadline = time.monotonic() + 120
        async with self.stores(20) as made:
            for partition in range(PARTITIONS):
                while (await made[name].stand(partition, Change(Verb.LOOK))).standing.state is not State.VOTING:
                    assert time.monotonic() < deadline, (name, partition, self.counts)
                    await asyncio.sleep(0.05)


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[World]:
    """Three regions that vote."""
    async with AsyncExitStack() as stack:
        regions = {}
        for name in REGIONS:
            own = folder / name
            server = await asyncio.to_thread(valkey.start, valkey.free_port(), own)
            region = Region(name, server, Switchboard(server.port), own)
            stack.callback(region.kill)
            await stack.enter_async_context(region.endpoint)
            regions[name] = region
        world = World(regions)
        async with world.stores(20) as made:
            await Mending(made, clock=SystemClock()).found()
        yield world


async def cut(region: Region) -> None:
    """Nobody reaches it for a while."""
    await region.endpoint.cut()
    await asyncio.sleep(0.7)
    region.endpoint.connect(region.server.port)


async def stop(region: Region) -> None:
    """SIGSTOP, longer than the deadline; what waits in its sockets is executed when it wakes."""
    await asyncio.to_thread(region.server.pause)
    await asyncio.sleep(1.5 * DEADLINE)
    region.server.wake()


async def empty(region: Region) -> None:
    """kill -9 and a restart with nothing."""
    region.snapshot.unlink(missing_ok=True)
    await region.restart()


async def flush(region: Region) -> None:
    """FLUSHALL: the same process, without its memory."""
    await asyncio.to_thread(valkey.ask, region.server.port, "FLUSHALL", "SYNC", timeout=30)


async def roll_back(region: Region) -> None:
    """A snapshot, some time, kill -9, and a restart from that old snapshot."""
    await asyncio.to_thread(valkey.ask, region.server.port, "SAVE", timeout=30)
    kept = region.folder / "kept.rdb"
    shutil.copy(region.snapshot, kept)
    await asyncio.sleep(0.5)
    shutil.copy(kept, region.snapshot)
    await region.restart()


LOSSES: tuple[Callable[[Region], Awaitable[None]], ...] = (empty, flush, roll_back)
FAULTS: tuple[Callable[[Region], Awaitable[None]], ...] = (cut, stop, *LOSSES)
