"""A loader's breaker: what fails again and again is not asked for a while, and callers get the copy or are told."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from controlplane.cache import Cache, Load, Options, Reason, Settings, Status
from controlplane.cache.testing import FakeRegion
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput, Unavailable
from tests.cache.scene import Source, in_loop, until

GUARD: dict[str, Any] = {"loader": "menu-service", "loader_failures": 3, "loader_rest": "10s"}


async def fail(region: FakeRegion, cache: Cache, source: Source, times: int, **options: Any) -> None:
    """So many failed loads, each of another key."""
    source.error = ConnectionError("the menu service is down")
    for number in range(times):
        with pytest.raises(ConnectionError):
            await cache.get_or_load(f"failing {number}", source, **options)
        await region.pass_by("20ms")


@in_loop
async def test_after_failures_in_a_row_loads_are_not_tried() -> None:
    """The third failure opens it for all keys of the name; another name, and calls without one, go on."""
    region, source = FakeRegion(), Source()
    async with region.cache() as cache:
        await fail(region, cache, source, 3, **GUARD)
        with pytest.raises(Unavailable, match="'menu-service' failed 3 times in a row") as refused:
            await cache.get_or_load("k", source, **GUARD)
        assert "every 10 s" in refused.value.next_step
        assert source.loads == 3
        assert (cache.stats.loads, cache.stats.loads_refused, cache.stats.loader_breaks) == (3, 1, 1)
        source.error = None
        assert await cache.get_or_load("other", source, **{**GUARD, "loader": "other"}) == "v0"
        assert await cache.get_or_load("bare", source) == "v0"


@in_loop
async def test_a_copy_is_served_while_it_is_open() -> None:
    """With a copy at hand callers get it, as after any failed load, and the loader is left alone."""
    region, source = FakeRegion(), Source()
    async with region.cache(Settings(throttle=0.001)) as cache:
        await cache.get_or_load("k", source, fresh="60s", **GUARD)
        await region.pass_by("61s")
        await fail(region, cache, source, 3, **GUARD)
        loads = source.loads
        for _ in range(5):
            read = await cache.read("k", source, fresh="60s", **GUARD)
            assert (read.value, read.status, read.reason) == ("v0", Status.STALE, Reason.LOAD_FAILED)
            await region.pass_by("10ms")
        assert source.loads == loads
        assert cache.stats.loads_refused == 5


@in_loop
async def test_one_load_probes_after_the_rest() -> None:
    """Half-open one load goes, the others fail at once; a failed probe is one more rest, a good one closes it."""
    region, source = FakeRegion(), Source()
    async with region.cache() as cache:
        await fail(region, cache, source, 3, **GUARD)
        await region.pass_by("10s")
        await fail(region, cache, source, 1, **GUARD)
        with pytest.raises(Unavailable, match="not tried"):
            await cache.get_or_load("k", source, **GUARD)
        await region.pass_by("10s")
        source.error = None
        source.gate.clear()
        probe = asyncio.create_task(cache.get_or_load("probe", source, **GUARD))
        await until(lambda: source.loads == 5)
        with pytest.raises(Unavailable, match="not tried"):
            await cache.get_or_load("k", source, **GUARD)
        source.gate.set()
        assert await probe == "v0"
        assert await cache.get_or_load("k", source, **GUARD) == "v0"
        assert cache.stats.loader_breaks == 2


@in_loop
async def test_a_bulk_load_probes_with_one_key() -> None:
    """Half-open, one of several keys is loaded and closes it; the others fail alone, and nobody waits for ever."""
    region, source = FakeRegion(), Source()
    asked: list[Sequence[str]] = []

    async def bulk(keys: Sequence[str]) -> dict[str, str]:
        asked.append(keys)
        return dict.fromkeys(keys, "many")

    async with region.cache() as cache:
        await fail(region, cache, source, 3, **GUARD)
        assert len((await cache.get_many_or_load("abc", bulk, **GUARD)).failed) == 3
        await region.pass_by("10s")
        many = await cache.get_many_or_load("abc", bulk, **GUARD)
        assert (len(many.failed), asked) == (2, [["a"]])
        assert many["a"] == "many"
        assert dict(await cache.get_many_or_load("abc", bulk, **GUARD)) == dict.fromkeys("abc", "many")


@in_loop
async def test_what_does_not_open_it() -> None:
    """A success in between, a bulk load that fails for many keys at once, wrong use of the cache."""
    region, source = FakeRegion(), Source()

    async def bulk(keys: Sequence[str]) -> dict[str, str]:
        raise ConnectionError("once")

    async def wrong(context: Load) -> str:
        raise BadInput("the caller's own")

    async with region.cache() as cache:
        await fail(region, cache, source, 2, **GUARD)
        source.error = None
        await cache.get_or_load("good", source, **GUARD)
        await fail(region, cache, source, 2, **GUARD)
        for number in range(5):
            with pytest.raises(BadInput):
                await cache.get_or_load(f"wrong {number}", wrong, **GUARD)
            await region.pass_by("20ms")
        source.error = None
        await cache.get_or_load("good again", source, **GUARD)
        many = await cache.get_many_or_load([f"many {number}" for number in range(50)], bulk, **GUARD)
        assert len(many.failed) == 50
        assert cache.stats.loader_breaks == cache.stats.loads_refused == 0


@in_loop
async def test_a_probe_whose_load_is_given_up_makes_room() -> None:
    """A load that was ended from outside has no outcome: the next one may probe."""
    region, source = FakeRegion(), Source()

    async def leaves(context: Load) -> str:
        flight = asyncio.current_task()
        assert flight is not None
        flight.cancel()
        await asyncio.sleep(60)
        return "never"

    async with region.cache() as cache:
        await fail(region, cache, source, 3, **GUARD)
        await region.pass_by("10s")
        with pytest.raises(Unavailable, match="given up"):
            await cache.get_or_load("left", leaves, **GUARD)
        source.error = None
        assert await cache.get_or_load("k", source, **GUARD) == "v0"


@in_loop
async def test_it_comes_from_profile_tier_and_settings() -> None:
    """Like every option; wrong ones are refused."""
    region, source = FakeRegion(), Source()
    settings = Settings(
        tiers={Tier.LOW: Options(loader="db", loader_failures=1)},
        profiles={"menu": Options(loader="menu-service", loader_failures=1)},
    )
    async with region.cache(settings) as cache:
        for options in ({"tier": Tier.LOW}, {"profile": "menu"}):
            await fail(region, cache, source, 1, **options)
            with pytest.raises(Unavailable, match="not tried"):
                await cache.get_or_load("k", source, **options)
    for wrong in ({"loader": 1}, {"loader_failures": 0}, {"loader_failures": True}, {"loader_rest": 0}):
        with pytest.raises(BadInput, match=next(iter(wrong))):
            Settings(options=wrong)  # type: ignore[arg-type]  # the wrong value is the point


@in_loop
async def test_names_are_bounded() -> None:
    """Ten thousand names are no leak: whoever names a loader by the key only loses its breaker."""
    region, source = FakeRegion(), Source()
    async with region.cache() as cache:
        for number in range(1_200):
            await cache.get_or_load("k", source, loader=f"menu {number}", skip=["memory", "redis"])
        assert len(cache._engine.loading._breakers._known) == 1_000
