"""Three regions' stores of records for the tests of the whole: fakes, or real servers."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from controlplane.adapters.redis.region_store import RedisRegionStore
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache.serializers import MsgPack
from controlplane.ports.region_store import RegionStore
from controlplane.sync import Mending, Records
from tests.fakes.region_store import FakeRegionStore

REGIONS = ("eu-central-1", "eu-west-1", "us-east-1")
HOME, NEAR, FAR = REGIONS
PATIENCE = 20.0


def now() -> int:
    """Microseconds of the calendar."""
    return time.time_ns() // 1000


@asynccontextmanager
async def stores(urls: Mapping[str, str] | str) -> AsyncIterator[dict[str, RegionStore]]:
    """A store for each region, not founded: fakes for "", three scopes of one server for a URL, else one URL each."""
    scope = secrets.token_hex(4)
    made: dict[str, RegionStore] = {}
    for region in REGIONS:
        if not urls:
            made[region] = FakeRegionStore(region, now)
        elif isinstance(urls, str):
            made[region] = RedisRegionStore(urls, scope=f"{scope}-{region}", timeout=PATIENCE)
        else:
            made[region] = RedisRegionStore(urls[region], scope="test", timeout=PATIENCE)
    try:
        yield made
    finally:
        for store in made.values():
            await store.aclose()


@asynccontextmanager
async def founded(urls: Mapping[str, str] | str) -> AsyncIterator[dict[str, RegionStore]]:
    """The same, voting."""
    async with stores(urls) as made:
        await mending(made).found()
        yield made


def mending(made: Mapping[str, RegionStore]) -> Mending:
    """What an agent works with."""
    return Mending(made, clock=SystemClock())


def records(made: Mapping[str, RegionStore], here: str = HOME, **settings: Any) -> Records:
    """One process's records in `here`."""
    chosen: dict[str, Any] = {"deadline": PATIENCE, "clock": SystemClock(), "serializer": MsgPack(), **settings}
    return Records(made, here=here, **chosen)
