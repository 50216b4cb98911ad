"""G7: for how long a removed key refuses late fills: as long as one may be on its way."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from controlplane.adapters.redis.tier import RedisTier
from controlplane.cache import Settings
from controlplane.cache.testing import FakeRegion, FakeTier
from controlplane.domain.keys import in_namespace
from controlplane.domain.purge_log import Position
from controlplane.ports.second_tier import Stored
from sandbox import valkey
from tests.cache.scene import in_loop, real_cache

NAME = in_namespace("main", "k")


@in_loop
async def test_it_stays_as_long_as_a_fill_may_take(server: valkey.Server, scope: str) -> None:
    """In Redis the tombstone ends after `max_fill_delay`, the default and another."""
    for number, settings in enumerate(({}, {"max_fill_delay": 900.0})):
        async with real_cache(server.url, f"{scope}-{number}", **settings) as cache:
            tier = cache._second
            assert isinstance(tier, RedisTier)
            await cache.remove("k")
            left = int(valkey.ask(server.port, "PTTL", tier.name(NAME)).strip(":\r\n")) / 1000
            longest = cache.settings.max_fill_delay
            assert longest - 60 < left <= longest


@pytest.mark.parametrize(("after", "is_taken"), [(0.0, False), (119.0, False), (121.0, True)])
@in_loop
async def test_an_older_fill_is_refused_until_then(after: float, is_taken: bool) -> None:
    """119 s after the removal a fill from before it is refused still."""
    region = FakeRegion()
    async with region.cache(Settings(max_fill_delay=120.0)) as cache:
        late = Stored(b"late", cache.position, region.clock.monotonic())
        await cache.remove("k")
        region.clock.pass_by(after)
        assert await region.tier.fill(NAME, late, 3600.0) is is_taken


class NoTombstones(FakeTier):
    """A tier whose driver fails in a way of its own."""

    async def bury(self, keys: Iterable[str], at: Position, born: float, seconds: float) -> None:
        raise RuntimeError("of the driver")


@in_loop
async def test_a_removal_holds_without_tombstones() -> None:
    """G13: whatever a tier raises when keys are buried, the removal is made and acts; the failure is counted."""
    region = FakeRegion()
    region.tier = NoTombstones(region.clock)
    async with region.cache() as cache:
        await cache.put("k", "value")
        receipt = await cache.remove("k")
        assert (await receipt.complete(timeout=30)).complete
        assert await cache.get("k", "gone") == "gone"
        assert cache.stats.fills_dropped == 1
