"""The read path over fakes: hits, stale copies and their reasons, one load per key, purges against loads."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from controlplane.cache import Cache, Load, Read, Reason, Status
from controlplane.domain.purge_log import Kind
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput, Unavailable
from tests.cache.scene import Source, in_loop, until, world

SECOND = timedelta(seconds=1)
TAGS = ["wedding:como"]


async def read(cache: Cache, source: Source, key: str = "k", **terms: object) -> Read[str]:
    """One read with short durations."""
    return await cache.read(key, source, tags=TAGS, fresh=60 * SECOND, stale=600 * SECOND)


@in_loop
async def test_a_second_call_is_a_memory_hit() -> None:
    """A value is loaded once and then answered from memory."""
    source, scene = Source(), world()
    async with scene.cache() as cache:
        assert await cache.get_or_load("k", source, tier=Tier.CRITICAL, tags=TAGS) == "v0"
        assert await cache.get_or_load("k", source, tier=Tier.CRITICAL, tags=TAGS) == "v0"
        assert cache.peek("k") == "v0"
        assert await cache.get("k") == "v0"
        assert await cache.get("other", "nothing") == "nothing"
    assert source.loads == 1


@in_loop
async def test_another_process_answers_from_the_second_tier() -> None:
    """What one process loaded, another one of the region reads from the second tier."""
    source, scene = Source(), world()
    async with scene.cache() as first, scene.cache() as second:
        await read(first, source)
        await until(lambda: scene.tier.values)
        answer = await read(second, source)
        assert (answer.value, answer.status, answer.tier) == ("v0", Status.HIT, "redis")
        assert (await read(second, source)).tier == "memory"
    assert source.loads == 1


@in_loop
async def test_past_fresh_a_copy_is_served_only_for_a_reason() -> None:
    """G10, G11: past fresh the loader is asked; its failure, and within the throttle its memory, give `load-failed`."""
    source, scene = Source(), world()
    async with scene.cache() as cache:
        await read(cache, source)
        scene.clock.pass_by(61)
        source.error = ValueError("database down")
        await until(lambda: scene.log.beats > 2 and cache._follower.blind_at > scene.clock.monotonic())
        first = await read(cache, source)
        again = await read(cache, source)
        assert (first.value, first.status, first.reason) == ("v0", Status.STALE, Reason.LOAD_FAILED)
        assert again.reason is Reason.LOAD_FAILED
        assert first.age == pytest.approx(61)
        assert source.loads == 2, "a failed refresh is tried once per throttle"
        scene.clock.pass_by(6)
        source.error, source.value = None, 1
        assert (await read(cache, source)).value == "v1"


@in_loop
async def test_beyond_the_stale_window_the_error_is_the_callers() -> None:
    """G10: a copy older than fresh and stale together is never served, even when the loader fails."""
    source, scene = Source(), world()
    async with scene.cache() as cache:
        await read(cache, source)
        scene.clock.pass_by(661)
        source.error = ValueError("database down")
        with pytest.raises(ValueError, match="database down"):
            await read(cache, source)


@in_loop
async def test_a_slow_loader_gives_the_copy_and_finishes_behind() -> None:
    """G11: after the soft time-out the copy is served with `load-slow`, and the load's value arrives later."""
    source, scene = Source(), world()
    async with scene.cache(soft_timeout=0.02) as cache:
        await read(cache, source)
        scene.clock.pass_by(61)
        await until(lambda: cache._follower.blind_at > scene.clock.monotonic())
        source.gate.clear()
        source.value = 1
        answer = await read(cache, source)
        assert (answer.value, answer.reason) == ("v0", Reason.LOAD_SLOW)
        source.gate.set()
        await until(lambda: cache.peek("k") == "v1")


@in_loop
async def test_a_loader_beyond_the_hard_limit_is_unavailable() -> None:
    """A loader that never answers ends in an error that names the key and the limit."""
    source, scene = Source(), world()
    source.gate.clear()
    async with scene.cache(hard_timeout=0.05) as cache:
        with pytest.raises(Unavailable, match=r"'k' took longer than 0\.05 s"):
            await read(cache, source)


@in_loop
async def test_one_load_for_many_callers_and_leavers_harm_nobody() -> None:
    """G12: 1,000 callers of a cold key, half of whom leave, cost one load, and the others get its value."""
    source, scene = Source(), world()
    source.gate.clear()
    async with scene.cache() as cache:
        callers = [asyncio.create_task(cache.get_or_load("k", source)) for _ in range(1000)]
        await until(lambda: source.loads)
        for caller in callers[::2]:
            caller.cancel()
        source.gate.set()
        answers = await asyncio.gather(*callers, return_exceptions=True)
    assert answers[1::2] == ["v0"] * 500
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])
    assert source.loads == 1


@in_loop
async def test_the_first_caller_may_leave() -> None:
    """G12: the load belongs to nobody; when all callers left, its value is still kept."""
    source, scene = Source(), world()
    source.gate.clear()
    async with scene.cache() as cache:
        caller = asyncio.create_task(cache.get_or_load("k", source))
        await until(lambda: source.loads)
        caller.cancel()
        await asyncio.gather(caller, return_exceptions=True)
        source.gate.set()
        await until(lambda: cache.peek("k") == "v0")


@pytest.mark.parametrize("kind", ["remove", "expire"])
@pytest.mark.parametrize("by", ["tag", "key"])
@in_loop
async def test_a_load_begun_before_a_purge_is_never_kept(kind: str, by: str) -> None:
    """G6: such a load answers its own callers; callers from after the purge start another one, which is kept."""
    source, scene = Source(), world()
    source.gate.clear()
    async with scene.cache() as cache:
        before = asyncio.create_task(read(cache, source))
        await until(lambda: source.loads)
        source.value = 1
        await getattr(cache, kind)(*(["k"] if by == "key" else []), tags=TAGS if by == "tag" else [])
        after = asyncio.create_task(read(cache, source))
        await until(lambda: source.loads == 2)
        source.gate.set()
        assert (await before).value == "v0"
        assert (await after).value == "v1"
        assert cache.peek("k") == "v1"
        await until(lambda: scene.tier.values)
        assert cache.stats.loads_not_stored == 1
    async with scene.cache() as other:
        assert (await read(other, source)).value == "v1"


@in_loop
async def test_a_refresh_begun_before_a_removal_is_never_kept() -> None:
    """G6, G5: a copy removed while its caller waits for a slow refresh is not served, nor is the refresh kept."""
    source, scene = Source(), world()
    async with scene.cache(soft_timeout=1.0) as cache:
        await read(cache, source)
        scene.clock.pass_by(61)
        await until(lambda: cache._follower.blind_at > scene.clock.monotonic())
        source.gate.clear()
        waiting = asyncio.create_task(read(cache, source))
        await until(lambda: source.loads == 2)
        await cache.remove(tags=TAGS)
        await asyncio.sleep(1.2)  # past the soft time-out, which is long enough to remove in on a busy machine
        assert not waiting.done(), "the removed copy must not be served"
        source.gate.set()
        assert (await waiting).status is Status.LOADED
        assert cache.peek("k") is None


@in_loop
async def test_expired_may_be_stale_and_removed_may_not() -> None:
    """G4: after `expire` a failing loader gives the copy, after `remove` its error."""
    source, scene = Source(), world()
    async with scene.cache(throttle=0.001) as cache:
        await read(cache, source)
        await cache.expire(tags=TAGS)
        assert cache.peek("k") is None
        assert (await cache.read("k")).reason is Reason.SOFT_PURGED
        assert await cache.get("k", "none") == "none"
        source.error = ValueError("database down")
        assert (await read(cache, source)).reason is Reason.LOAD_FAILED
        await cache.remove(tags=TAGS)
        with pytest.raises(ValueError, match="database down"):
            await read(cache, source)


@in_loop
async def test_a_loader_may_add_tags_and_refuse_to_be_kept() -> None:
    """A tag learned from the value purges it; a `ttl` of zero keeps nothing."""
    scene = world()

    async def learns(context: Load) -> str:
        context.tags.append("vendor:fiori")
        return "value"

    async def once(context: Load) -> str:
        context.ttl = timedelta(0)
        return "value"

    async with scene.cache() as cache:
        await cache.get_or_load("k", learns)
        assert cache.peek("k") == "value"
        await cache.remove(tags=["vendor:fiori"])
        assert cache.peek("k") is None
        await cache.get_or_load("once", once)
        assert cache.peek("once") is None


@in_loop
async def test_everything_and_a_namespace_can_be_purged() -> None:
    """`*` and `ns:` are tags that every entry carries."""
    source, scene = Source(), world()
    async with scene.cache(namespace="shop") as cache:
        for tag in ("*", "ns:shop"):
            await read(cache, source)
            assert cache.peek("k") is not None
            await scene.log.append([tag], Kind.HARD)
            await until(lambda: cache.peek("k") is None)


@in_loop
async def test_a_wrong_tag_is_refused_before_anything_happens() -> None:
    """A tag that no CDN would keep raises BadInput at the first call, and nothing is loaded or purged."""
    source, scene = Source(), world()
    async with scene.cache() as cache:
        with pytest.raises(BadInput, match="did you mean wedding:como"):
            await cache.get_or_load("k", source, tags=["weding:como"])
        with pytest.raises(BadInput):
            await cache.remove(tags=["wedding:Como"])
        with pytest.raises(BadInput, match="at least one tag"):
            await cache.remove()
    assert source.loads == 0
    assert scene.log.n == 0


@in_loop
async def test_closing_drains_loads_and_fills() -> None:
    """A load under way when the cache closes is finished and reaches the second tier."""
    source, scene = Source(), world()
    source.gate.clear()
    cache = scene.cache()
    await cache.open()
    caller = asyncio.create_task(read(cache, source))
    await until(lambda: source.loads)
    asyncio.get_running_loop().call_later(0.02, source.gate.set)
    await cache.aclose()
    assert (await caller).value == "v0"
    assert scene.tier.values
    assert not scene.log.members, "a closed cache has left the roll"
