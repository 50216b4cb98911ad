"""G1, G6, G11 for `get_or_load` without options: its shortest ways (a look into Redis by the caller himself, a flight
that is joined unseen) answer nothing that `read` would not."""

from __future__ import annotations

import asyncio

import pytest

from controlplane.cache import Cache, Settings
from controlplane.cache.testing import FakeRegion
from controlplane.domain.keys import in_namespace
from tests.cache.scene import Source, in_loop, until

TAG = ["wedding:como"]


async def filled(region: FakeRegion, key: str) -> None:
    """Wait until the second tier has it."""
    await until(lambda: in_namespace("main", key) in region.tier.values)


async def purge(cache: Cache, how: str) -> None:
    """One purge that reaches `k`."""
    verb, what = how.split()
    if what == "tag":
        await getattr(cache, verb)(tags=TAG)
    else:
        await getattr(cache, verb)("k")


@pytest.mark.parametrize("how", ["expire tag", "remove tag", "expire key", "remove key"])
@in_loop
async def test_what_redis_still_has_of_a_purged_key_is_no_answer(how: str) -> None:
    """A process that has nothing in memory finds the purged value in Redis, and loads; so does the next caller."""
    region, source = FakeRegion(), Source(value=1)
    async with region.cache() as cache:
        assert await cache.get_or_load("k", Source(), tags=TAG) == "v0"
        await filled(region, "k")
        late = dict(region.tier.values)
        await purge(cache, how)
        region.tier.values.update(late)
    async with region.cache() as other:
        region.tier.stones.clear()
        assert await other.get_or_load("k", source, tags=TAG) == "v1"
        assert await other.get_or_load("k", source, tags=TAG) == "v1"
        assert source.loads == 1


@in_loop
async def test_what_redis_has_that_is_past_its_time_is_a_copy_and_no_hit() -> None:
    """It is answered only where the loader fails."""
    region, source = FakeRegion(), Source(value=1)
    async with region.cache() as cache:
        await cache.get_or_load("k", Source(), fresh="10s")
        await filled(region, "k")
        await region.pass_by("11s")
    async with region.cache() as other, region.cache() as third:
        assert await other.get_or_load("k", source) == "v1"
        late = region.tier.values[in_namespace("main", "k")]
        assert late
        source.error = ValueError("down")
        await region.pass_by("2h")
        assert await third.get_or_load("k", source) == "v1"


@pytest.mark.parametrize("how", ["expire tag", "remove tag", "expire key", "remove key"])
@in_loop
async def test_a_load_begun_before_a_purge_is_not_joined_after_it(how: str) -> None:
    """Whoever asks after the purge gets what a load begun after it brings; who asked before it may get the older."""
    region, old, new = FakeRegion(), Source(), Source(value=1)
    old.gate.clear()
    async with region.cache() as cache:
        before = [asyncio.create_task(cache.get_or_load("k", old, tags=TAG)) for _ in range(3)]
        await until(lambda: old.loads)
        await purge(cache, how)
        assert await cache.get_or_load("k", new, tags=TAG) == "v1"
        old.gate.set()
        assert {await caller for caller in before} <= {"v0", "v1"}
        assert await cache.get_or_load("k", new, tags=TAG) == "v1"
        assert (old.loads, new.loads) == (1, 1)


@in_loop
async def test_nobody_with_a_copy_waits_longer_than_the_soft_timeout() -> None:
    """All of five callers of an expired key are served the copy while its one refresh hangs, also those that find the
    refresh under way."""
    region, source = FakeRegion(), Source(value=1)
    source.gate.clear()
    async with region.cache(Settings(soft_timeout=0.05, hard_timeout=50)) as cache:
        await cache.get_or_load("k", Source(), tags=TAG)
        await cache.expire(tags=TAG)
        first = asyncio.create_task(cache.get_or_load("k", source, tags=TAG))
        await until(lambda: source.loads)
        others = [asyncio.create_task(cache.get_or_load("k", source, tags=TAG)) for _ in range(4)]
        async with asyncio.timeout(30):
            assert [await caller for caller in (first, *others)] == ["v0"] * 5
        assert source.loads == 1
        source.gate.set()
        await until(lambda: cache.peek("k") == "v1")
