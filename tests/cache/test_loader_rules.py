"""The page's rules for loaders and calls: what a loader may do with the cache that calls it, and what a hit ignores."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from controlplane.cache import Load
from controlplane.errors import BadInput
from tests.cache.scene import Source, in_loop, world


@in_loop
async def test_one_that_reads_its_own_key_fails_and_harms_nobody() -> None:
    """It would wait for itself; it is refused at once, and the next load goes well."""
    async with world().cache(hard_timeout=600) as cache:

        async def own(context: Load) -> str:
            return await cache.get_or_load(context.key, own)

        async def others(context: Load) -> str:
            return f"{await cache.get_or_load('other', Source())}!"

        with pytest.raises(BadInput):
            await cache.get_or_load("k", own)
        assert await cache.get_or_load("k", others) == "v0!"


@pytest.mark.parametrize("verb", ["expire", "remove"])
@in_loop
async def test_one_that_purges_its_own_key_answers_and_keeps_nothing(verb: str) -> None:
    """Its callers get its value; what was loaded before the purge is not kept."""
    async with world().cache() as cache:

        async def purging(context: Load) -> str:
            await getattr(cache, verb)(context.key)
            return "value"

        assert await cache.get_or_load("k", purging) == "value"
        assert await cache.get("k", "nothing") == "nothing"


@in_loop
async def test_one_that_puts_its_own_key_answers_what_it_returns_and_keeps_what_it_put() -> None:
    """The put came later than the load began."""
    async with world().cache() as cache:

        async def putting(context: Load) -> str:
            assert await cache.put(context.key, "put")
            return "returned"

        assert await cache.get_or_load("k", putting) == "returned"
        assert await cache.get("k") == "put"


@in_loop
async def test_a_keys_tags_are_those_of_the_call_that_loaded_it() -> None:
    """Another call's tags count from its next load on."""
    async with world().cache() as cache:
        source = Source()
        await cache.get_or_load("k", source, tags=["wedding:como"])
        await cache.get_or_load("k", source, tags=["wedding:bari"])
        await cache.remove(tags=["wedding:bari"])
        assert cache.peek("k") == "v0"
        await cache.remove(tags=["wedding:como"])
        await cache.get_or_load("k", source, tags=["wedding:bari"])
        await cache.remove(tags=["wedding:bari"])
        assert cache.peek("k") is None


@in_loop
async def test_a_hit_looks_at_no_option() -> None:
    """A misspelt option is found by the first call that loads, and by mypy; a hit of memory has no time to look."""
    wrong: Any = {"frsh": "1h"}
    async with world().cache() as cache:
        with pytest.raises(BadInput, match="frsh is no option"):
            await cache.get_or_load("k", Source(), **wrong)
        await cache.get_or_load("k", Source())
        assert await cache.get_or_load("k", Source(), **wrong) == "v0"


@in_loop
async def test_who_waited_for_one_load_shares_what_cannot_be_copied() -> None:
    """A lock is answered to all who waited for its load, and kept for nobody else."""
    goes_on = asyncio.Event()

    async def lock(context: Load) -> Any:
        await goes_on.wait()
        return threading.Lock()

    async with world().cache() as cache:
        callers = [asyncio.create_task(cache.get_or_load("k", lock)) for _ in range(3)]
        await asyncio.sleep(0)
        goes_on.set()
        found = [await caller for caller in callers]
        assert found[0] is found[1] is found[2]
        assert await cache.get_or_load("k", lock) is not found[0]
        assert cache.stats.uncopyable == 2
