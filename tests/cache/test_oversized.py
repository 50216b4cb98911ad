"""G16: what is too large for Redis stays out of it, and what is too large in it is no entry."""

from __future__ import annotations

import pytest

from controlplane.cache import Load, Settings
from controlplane.cache.envelope import EntryTerms, Unusable, terms_of, unwrap, wrap
from controlplane.cache.testing import FakeRegion
from tests.cache.scene import in_loop, until


@pytest.mark.parametrize(("size", "is_filled"), [(900, True), (1_100, False)])
@in_loop
async def test_a_value_beyond_the_bound_stays_in_memory(size: int, is_filled: bool) -> None:
    """It is answered and a hit here, counted, and not written to Redis, also where it would shrink."""
    region = FakeRegion()

    async def load(context: Load) -> str:
        return "x" * size

    async with region.cache(Settings(max_value_bytes=1_000, compress_above=100)) as cache:
        assert len(await cache.get_or_load("k", load)) == size
        assert len(cache.peek("k")) == size
        shared = cache._engine.shared
        assert shared is not None
        await until(lambda: bool(region.tier.values) is is_filled)
        await shared.filled()
        assert bool(region.tier.values) is is_filled
        assert cache.stats.oversized == (not is_filled)


def test_an_envelope_beyond_all_bounds_is_not_decoded() -> None:
    """Whatever makes it so large: nothing of it is looked at but its length."""
    terms = EntryTerms(1, 1, 1, "low", tuple(f"wedding:{number:0>200}" for number in range(200)), 1, 0)
    found = unwrap(wrap("k", terms, b"v"), "k", 1_000)
    assert not isinstance(found, Unusable)
    assert (terms_of(found[0]), found[1]) == (terms, b"v")
    assert unwrap(wrap("k", terms, b"v" * 70_000), "k", 1_000) is Unusable.TOO_LARGE


@in_loop
async def test_tags_that_no_envelope_holds_stay_in_memory() -> None:
    """Four hundred of the longest tags: answered, a hit here, counted, not in Redis, and nothing is raised."""
    region = FakeRegion()

    async def load(context: Load) -> str:
        return "v"

    async with region.cache() as cache:
        tags = [f"wedding:{number:0>200}" for number in range(400)]
        assert await cache.get_or_load("k", load, tags=tags) == "v"
        assert cache.peek("k") == "v"
        shared = cache._engine.shared
        assert shared is not None
        await shared.filled()
        assert (region.tier.values, cache.stats.oversized) == ({}, 1)
