"""Loads that would wait for one another are told so at once; loads that merely use one another are not."""

from __future__ import annotations

import asyncio

import pytest

from controlplane.cache import Load, Reason, Status
from controlplane.errors import BadInput
from tests.cache.scene import in_loop, world

LONG = 300.0


@in_loop
async def test_a_loader_that_reads_its_own_key_is_told_at_once() -> None:
    """BadInput names the key; nobody waits for the hard time-out, and the key can be loaded afterwards."""
    async with world().cache(hard_timeout=LONG) as cache:

        async def own(context: Load) -> str:
            return await cache.get_or_load(context.key, own)

        async def good(context: Load) -> str:
            return "value"

        async with asyncio.timeout(LONG / 2):
            with pytest.raises(BadInput, match="'k' reads 'k'"):
                await cache.get_or_load("k", own)
            assert await cache.get_or_load("k", good) == "value"


@in_loop
async def test_a_circle_of_three_is_found_whoever_begins_it() -> None:
    """Three loaders that read one another, begun by three callers at once: all end, by the one that is refused."""
    keys = {"a": "b", "b": "c", "c": "a"}
    async with world().cache(hard_timeout=LONG) as cache:

        async def other(context: Load) -> str:
            await asyncio.sleep(0.01)
            return await cache.get_or_load(keys[context.key], other)

        async with asyncio.timeout(LONG / 2):
            calls = [cache.get_or_load(key, other) for key in keys]
            answers = await asyncio.gather(*calls, return_exceptions=True)
        assert all(isinstance(answer, BadInput) for answer in answers)


@in_loop
async def test_loads_that_use_one_another_wait() -> None:
    """A loader may read what others are loading, several times over, also beside the caller that began that."""
    async with world().cache(hard_timeout=LONG) as cache:
        gate = asyncio.Event()

        async def leaf(context: Load) -> str:
            await gate.wait()
            return "leaf"

        async def branch(context: Load) -> str:
            return await cache.get_or_load("leaf", leaf) + await cache.get_or_load("leaf", leaf)

        calls = [asyncio.create_task(cache.get_or_load(key, branch)) for key in ("one", "two")]
        calls.append(asyncio.create_task(cache.get_or_load("leaf", leaf)))
        await asyncio.sleep(0.05)
        gate.set()
        async with asyncio.timeout(LONG / 2):
            assert await asyncio.gather(*calls) == ["leafleaf", "leafleaf", "leaf"]


@in_loop
async def test_where_there_is_a_copy_it_ends_the_circle() -> None:
    """A refresh that reads its own key gets the copy, as slow."""
    async with world().cache(hard_timeout=LONG, soft_timeout=LONG) as cache:
        told: list[Reason | None] = []

        async def first(context: Load) -> str:
            return "v0"

        async def again(context: Load) -> str:
            inner = await cache.read(context.key, again)
            told.append(inner.reason)
            return f"{inner.value}+"

        await cache.get_or_load("k", first)
        await cache.expire("k")
        async with asyncio.timeout(LONG / 2):
            read = await cache.read("k", again)
        assert (read.value, read.status, told) == ("v0+", Status.LOADED, [Reason.LOAD_SLOW])
