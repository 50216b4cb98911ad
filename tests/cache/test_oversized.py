"""G16: what is too large for Redis stays out of it, and what is too large in it is no entry."""

from __future__ import annotations

import pytest

from controlplane.cache import Load, Settings
from controlplane.cache.envelope import Envelope, Unusable, unwrap, wrap
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
    """Whatever makes it so large: the value is small, its tags are not."""
    tags = tuple(f"wedding:{number:0>200}" for number in range(400))
    small, large = (Envelope("k", 1, 1, 1, "low", own, 1, 0, b"v") for own in (tags[:200], tags))
    assert unwrap(wrap(small), "k", longest=1_000) == small
    assert unwrap(wrap(large), "k", longest=1_000) is Unusable.TOO_LARGE
