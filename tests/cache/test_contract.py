"""One contract, held by the cache over real servers and by the fake that services test against."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from controlplane.cache import Cache, Reason, Status
from controlplane.errors import BadInput, Unavailable
from tests.cache.scene import Make, Source, in_loop, until

TAGS = ["wedding:como"]


async def in_redis(cache: Cache, *keys: str) -> None:
    """Wait until the second tier has these keys."""
    for _ in range(1000):
        if all([(await cache.explain(key)).redis is not None for key in keys]):
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"Redis never got {keys}")


@in_loop
async def test_one_process_loads_and_another_reads(make: Make) -> None:
    """A loaded value is a memory hit here and a Redis hit there."""
    source = Source()
    async with make() as one, make() as other:
        assert await one.get_or_load("k", source, tags=TAGS) == "v0"
        assert one.peek("k") == "v0"
        await in_redis(one, "k")
        assert (await other.read("k")).tier == "redis"
        assert (await other.read("k", source)).tier == "memory"
        assert await other.get("absent", "default") == "default"
    assert source.loads == 1


@in_loop
async def test_a_put_is_seen_by_everyone(make: Make) -> None:
    """What is put replaces what other processes hold; purges count for it as for loaded values."""
    source = Source()
    async with make() as one, make() as other:
        await other.get_or_load("k", source, tags=TAGS)
        assert await one.put("k", "put", tags=TAGS)
        assert one.peek("k") == "put"
        await until(lambda: other.peek("k") is None)
        await in_redis(one, "k")
        assert await other.get_or_load("k", source, tags=TAGS) in ("put", "v0")
        await one.remove(tags=TAGS)
        assert await one.get("k") is None


@in_loop
async def test_a_purge_between_reading_and_putting_wins(make: Make) -> None:
    """`put(since=...)` keeps nothing that a purge has overtaken."""
    async with make() as cache:
        at = cache.position
        await cache.expire(tags=TAGS)
        assert not await cache.put("k", "old", tags=TAGS, since=at)
        assert await cache.get("k") is None
        assert await cache.put("k", "new", tags=TAGS, since=cache.position)
        assert cache.peek("k") == "new"


@in_loop
async def test_many_keys_cost_one_load(make: Make) -> None:
    """Hits are answered, the rest is loaded together; each key may fail or be absent by itself; all are kept."""
    asked: list[list[str]] = []

    async def load(keys: Sequence[str]) -> Mapping[str, str | Exception | None]:
        asked.append(sorted(keys))
        await asyncio.sleep(0.01)
        return {key: ValueError(key) if key == "bad" else f"m {key}" for key in keys if key != "absent"}

    async with make() as one, make() as other:
        assert await one.put_many({"a": 1, "b": 2}, tags=lambda key: [f"page:{key}"]) == 2
        keys = ["a", "c", "bad", "absent", "c"]
        first, again = await asyncio.gather(one.get_many_or_load(keys, load), one.get_many_or_load(["c", "d"], load))
        assert dict(first) == {"a": 1, "c": "m c", "absent": None}
        assert list(first.failed) == ["bad"]
        with pytest.raises(ValueError, match="bad"):
            first["bad"]
        assert dict(again) == {"c": "m c", "d": "m d"}
        assert asked == [["absent", "bad", "c"], ["d"]], "a key that is being loaded is waited for"
        await in_redis(one, "a", "c", "d")
        there = await other.get_many_or_load(["a", "c", "d"], load)
        assert {key: read.tier for key, read in there.reads.items()} == dict.fromkeys("acd", "redis")
        await one.remove(tags=["page:a"])
        await until(lambda: other.peek("a") is None)
        assert other.peek("c") == "m c"


@in_loop
async def test_a_bulk_write_reaches_redis_whole(make: Make) -> None:
    """More values than fills may wait at once: all of them reach Redis, none is dropped."""
    values = {f"guest:{number}": number for number in range(1500)}
    async with make() as one, make() as other:
        assert await one.put_many(values) == 1500
        await in_redis(one, *list(values)[::50], "guest:1499")
        await until(lambda: other.position == one.position)
        many = await other.get_many_or_load(values, _nobody)
        assert dict(many) == values
        assert one.stats.fills_dropped == 0


@in_loop
async def test_a_failed_bulk_load_is_each_keys_failure(make: Make) -> None:
    """The error of the whole load is every missing key's; copies at hand are served instead."""

    async def load(keys: Sequence[str]) -> Mapping[str, str]:
        raise ValueError("CRM down")

    async with make() as cache:
        await cache.put("old", "copy")
        await cache.expire("old")
        many = await cache.get_many_or_load(["old", "new"], load)
        assert dict(many) == {"old": "copy"}
        assert many.reads["old"].reason is Reason.LOAD_FAILED
        assert isinstance(many.failed["new"], ValueError)


@in_loop
async def test_clearing_a_namespace(make: Make) -> None:
    """`clear` takes everything of the namespace, softly or for good, in every process."""
    source = Source()
    async with make() as one, make() as other:
        for cache in (one, other):
            await cache.get_or_load("k", source)
        await one.clear(soft=True)
        await until(lambda: other.peek("k") is None)
        assert (await other.read("k")).status in (Status.STALE, Status.HIT)
        receipt = await one.clear()
        assert (await receipt.complete(10)).complete
        assert (await other.read("k")).status is Status.MISS


@in_loop
async def test_touching(make: Make) -> None:
    """A touched value is fresh for longer; what was purged, or never was, cannot be touched."""
    async with make() as cache:
        assert not await cache.touch("k")
        await cache.put("k", "v", tags=TAGS, fresh="10s")
        assert await cache.touch("k", fresh="1h")
        known = (await cache.explain("k")).memory
        assert known is not None
        assert 3590 < known.fresh_for <= 3600
        await cache.expire(tags=TAGS)
        assert not await cache.touch("k")


@in_loop
async def test_explaining_a_key(make: Make) -> None:
    """`explain` says what each tier knows and why, and never the value."""
    async with make() as cache:
        assert "a read asks the loader" in str(await cache.explain("k"))
        await cache.put("k", "secret", tags=TAGS)
        await in_redis(cache, "k")
        told = str(await cache.explain("k"))
        assert "answered by memory" in told
        assert "wedding:como" in told
        assert "secret" not in told
        await cache.expire("k")
        assert "soft-purged" in str(await cache.explain("k"))
        await cache.remove("k")
        told = str(await cache.explain("k"))
        assert "a read asks the loader" in told
        assert (await cache.explain("k")).redis is None, "a removed key has no value in Redis"


@in_loop
async def test_off_within_a_context(make: Make) -> None:
    """In `disabled` every read loads and nothing is stored, in this task only; purges still act."""
    source = Source()
    async with make() as cache:
        await cache.get_or_load("k", source, tags=TAGS)
        inside = asyncio.Event()
        done = asyncio.Event()

        async def off() -> None:
            with cache.disabled():
                source.value = 1
                assert cache.peek("k") is None
                assert await cache.get_or_load("k", source) == "v1"
                assert await cache.get("k", "none") == "none"
                assert not await cache.put("p", 1)
                assert dict(await cache.get_many_or_load(["a"], _echo)) == {"a": "a"}
                inside.set()
                await done.wait()
                await cache.expire(tags=TAGS)

        task = asyncio.create_task(off())
        await inside.wait()
        assert await cache.get_or_load("k", source) == "v0", "others go on as before"
        done.set()
        await task
        assert cache.peek("k") is None
        assert cache.peek("p") is None


async def _nobody(keys: Sequence[str]) -> Mapping[str, int]:
    """A source that has nothing."""
    return {}


async def _echo(keys: Sequence[str]) -> Mapping[str, str]:
    """Each key as its value."""
    return {key: key for key in keys}


@in_loop
async def test_skipping_tiers(make: Make) -> None:
    """A tier that a call skips is neither read nor written by it."""
    source = Source()
    async with make() as one, make() as other:
        await one.get_or_load("k", source, skip=["redis"])
        assert one.peek("k") == "v0"
        assert (await one.explain("k")).redis is None
        source.value = 1
        assert await one.get_or_load("k", source, skip=["memory"]) == "v1"
        assert one.peek("k") == "v0"
        await in_redis(one, "k")
        assert await other.get_or_load("k", source, skip=["memory"]) == "v1"
        assert other.peek("k") is None
        with pytest.raises(BadInput, match="no tier 'disk'"):
            await one.get_or_load("k", source, skip=["disk"])


@in_loop
async def test_a_closed_cache_reads_through_and_says_so_for_writes(make: Make) -> None:
    """After closing, reads go to the loader, purges raise; it may be opened again."""
    source = Source()
    cache = make()
    async with cache:
        await cache.get_or_load("k", source)
    assert await cache.get_or_load("k", source) == "v0"
    assert source.loads == 2
    with pytest.raises(Unavailable, match="closed"):
        await cache.expire("k")
    async with cache:
        assert await cache.get_or_load("again", source) == "v0"
        assert cache.peek("again") == "v0"
