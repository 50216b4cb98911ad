"""Loaders that cannot work are told what is wrong with them, in words, and keep nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

from controlplane.cache import Load
from controlplane.errors import BadInput
from tests.cache.scene import in_loop, world


@in_loop
async def test_a_plain_function_is_named_as_what_it_is() -> None:
    """A loader, or a loader of several keys, that is no coroutine function is refused with the way to go."""

    def plain(context: Any) -> str:
        return "value"

    scene = world()
    async with scene.cache() as cache:
        for key in ("k", "k"):
            with pytest.raises(BadInput, match="plain is a plain function") as caught:
                await cache.get_or_load(key, plain)  # type: ignore[arg-type]  # it is the point
            assert "cache.blocking" in caught.value.next_step
        bulk: Any = plain
        many = await cache.get_many_or_load(["a"], bulk)
        assert isinstance(many.failed["a"], BadInput)
        with cache.disabled(), pytest.raises(BadInput, match="plain function"):
            await cache.get_or_load("k", plain)  # type: ignore[arg-type]  # it is the point


@in_loop
async def test_what_can_be_taken_once_is_no_value() -> None:
    """A generator or a forgotten `await` is refused: of callers that wait for one load, only the first would get it."""

    async def number() -> int:
        return 7

    async def numbers(context: Load) -> Iterator[int]:
        return (n for n in range(3))

    async def forgotten(context: Load) -> Any:
        return number()

    async def streamed(context: Load) -> AsyncIterator[int]:
        async def stream() -> AsyncIterator[int]:
            yield 1

        return stream()

    async with world().cache() as cache:
        for load, kind in ((numbers, "generator"), (forgotten, "coroutine"), (streamed, "async_generator")):
            answers = await asyncio.gather(*(cache.get_or_load(kind, load) for _ in range(3)), return_exceptions=True)
            assert all(isinstance(answer, BadInput) and f"a {kind}," in str(answer) for answer in answers)
            assert await cache.get(kind, "nothing") == "nothing"


@in_loop
async def test_a_bulk_loader_answers_a_mapping() -> None:
    """One that answers a list or nothing fails for all its keys, with the reason."""

    async def listed(keys: Sequence[str]) -> Any:
        return list(keys)

    async def nothing(keys: Sequence[str]) -> Any:
        return None

    async with world().cache() as cache:
        for load, kind in ((listed, "list"), (nothing, "NoneType")):
            many = await cache.get_many_or_load(["a", "b"], load)
            assert not many
            assert {str(error) for error in many.failed.values()} == {
                f"a loader of several keys answered a {kind}; nothing was cached"
            }


@pytest.mark.parametrize("loader", [None, "value", 7])
@in_loop
async def test_what_cannot_be_called_is_no_loader(loader: Any) -> None:
    """It is refused where it would be needed, and named."""
    scene = world()
    async with scene.cache() as cache:
        with pytest.raises(BadInput, match="cannot be called") as caught:
            await cache.get_or_load("k", loader)
        assert repr(loader) in str(caught.value)
        assert cache.peek("k") is None


@pytest.mark.parametrize("key", [7, None, b"k", ("k",)])
@pytest.mark.parametrize("options", [{}, {"fresh": "5s"}], ids=["plain", "with an option"])
@in_loop
async def test_a_key_that_is_no_text_is_refused(key: Any, options: Any) -> None:
    """A number, bytes or nothing as a key are told what to do, on every way into the cache."""
    scene = world()

    async def load(context: Load) -> str:
        return "value"

    async with scene.cache() as cache:
        with pytest.raises(BadInput, match="not a text"):
            await cache.get_or_load(key, load, **options)
        with pytest.raises(BadInput, match="not a text"):
            await cache.read(key, load, **options)
        with pytest.raises(BadInput, match="not a text"):
            await cache.put(key, "value")
        assert scene.tier.values == {}
