"""The decorators: cached results by typed keys, purges after writes."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import msgspec
import pytest

from controlplane.cache import Cache, Load, Settings, key_of
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput
from tests.cache.scene import in_loop, until, world


class Guest(msgspec.Struct, frozen=True):
    """A typed value."""

    name: str


@in_loop
async def test_a_function_is_called_once_for_the_same_arguments() -> None:
    """Results are kept by arguments, in whatever words they come; the function stays a coroutine function."""
    calls: list[tuple[str, int]] = []
    async with world().cache() as cache:

        @cache.cached("guests:{wedding}:{page}", tier=Tier.HIGH, tags=["wedding:{wedding}"])
        async def guests(wedding: str, page: int = 1) -> list[Guest]:
            """Docstring."""
            calls.append((wedding, page))
            return [Guest(f"{wedding} {page}")]

        assert await guests("como") == await guests(wedding="como", page=1) == [Guest("como 1")]
        assert await guests("como", 2) == [Guest("como 2")]
        assert calls == [("como", 1), ("como", 2)]
        assert inspect.iscoroutinefunction(guests)
        assert guests.__doc__ == "Docstring."
        assert key_of(guests, "como") == "guests:como:1"
        await cache.expire(key_of(guests, "como"))
        await guests("como")
        await cache.remove(tags=["wedding:como"])
        await guests("como", 2)
        assert calls[2:] == [("como", 1), ("como", 2)]


@in_loop
async def test_values_from_redis_have_the_annotated_type() -> None:
    """Another process gets the return annotation's type, not dicts."""
    scene = world()

    def decorated(cache: Cache) -> Any:
        @cache.cached("guest:{ident}")
        async def guest(ident: int) -> Guest | None:
            return Guest("Ada")

        return guest

    async with scene.cache() as first, scene.cache() as second:
        await decorated(first)(1)
        await until(lambda: scene.tier.values)
        assert await decorated(second)(1) == Guest("Ada")
        assert second.stats.redis_hits == 1
        assert second.stats.loads == 0


class Desk:
    """Methods: the object itself is no part of the key unless the template names it."""

    def __init__(self, cache: Cache, name: str) -> None:
        self.name = name
        self.calls = 0
        self.seats = cache.cached("seats:{table}")(self._seats)

    async def _seats(self, table: int) -> int:
        self.calls += 1
        return table * 10


@in_loop
async def test_methods() -> None:
    """A method decorated in its class ignores `self`, or names an attribute of it; the key is asked of the object."""
    async with world().cache() as cache:

        class Desks:
            def __init__(self, name: str) -> None:
                self.name = name

            @cache.cached("desk:{self.name}:{table}")
            async def own(self, table: int) -> str:
                return f"{self.name} {table}"

            @cache.cached("shared:{table}")
            async def shared(self, table: int) -> str:
                return f"{self.name} {table}"

        one, other = Desks("one"), Desks("other")
        assert [await one.own(1), await other.own(1)] == ["one 1", "other 1"]
        assert [await one.shared(1), await other.shared(1)] == ["one 1", "one 1"]
        assert key_of(one.own, 1) == "desk:one:1"
        desk = Desk(cache, "bound")
        assert await desk.seats(2) == await desk.seats(2) == 20
        assert desk.calls == 1


@in_loop
async def test_a_none_is_kept_for_its_own_shorter_time() -> None:
    """Negative results are cached for `absent`, and not served for long after."""
    calls = 0
    scene = world()
    async with scene.cache() as cache:

        @cache.cached("guest:{ident}", tier=Tier.CRITICAL, absent="10s")
        async def guest(ident: int) -> Guest | None:
            nonlocal calls
            calls += 1
            if calls == 3:
                raise ValueError("database down")
            return None

        assert await guest(1) is None
        assert await guest(1) is None
        assert calls == 1
        scene.clock.pass_by(11)
        await until(lambda: cache.sees_log)
        assert await guest(1) is None
        assert calls == 2
        scene.clock.pass_by(21)
        await until(lambda: cache.sees_log)
        with pytest.raises(ValueError, match="database down"):
            await guest(1)


@in_loop
async def test_the_load_context_reaches_the_function() -> None:
    """A parameter annotated `Load` is filled by the cache and is no part of the key."""
    async with world().cache() as cache:

        @cache.cached("page:{number}")
        async def page(number: int, context: Load | None = None) -> str:
            return "never"

        @cache.cached("learned:{number}", ignore=())
        async def learned(number: int, context: Load = Load("")) -> str:  # noqa: B008 (a stand-in for callers)
            context.tags.append("vendor:fiori")
            return f"{number} {context.key}"

        assert await learned(1) == "1 learned:1"
        await cache.remove(tags=["vendor:fiori"])
        assert cache.peek("learned:1") is None


def test_wrong_functions_are_refused_when_they_are_defined() -> None:
    """Generators, unknown tags, unknown options and unresolvable annotations raise BadInput at once."""
    cache = world().cache()

    def pages() -> Any:
        yield 1

    async def guest(ident: int) -> int:
        return ident

    async def typed(ident: int) -> Missing:  # type: ignore[name-defined]  # noqa: F821 (it is the point)
        return ident

    with pytest.raises(BadInput, match="generator"):
        cache.cached("pages")(pages)
    with pytest.raises(BadInput, match="did you mean guest"):
        cache.cached("g:{ident}", tags=["gest:{ident}"])(guest)
    with pytest.raises(BadInput, match="fresh='2 hours' is no duration"):
        cache.cached("g:{ident}", fresh="2 hours")(guest)
    with pytest.raises(BadInput, match="no profile 'search'"):
        cache.cached("g:{ident}", profile="search")(guest)
    with pytest.raises(BadInput, match="'Missing' is not defined"):
        cache.cached("g:{ident}")(typed)
    with pytest.raises(BadInput, match="neither a tag nor a key"):
        cache.purges()(guest)
    with pytest.raises(BadInput, match="not decorated"):
        key_of(guest, 1)


@in_loop
async def test_a_write_purges_also_when_it_fails() -> None:
    """After a decorated write, or its failure or cancellation, what it concerns is gone; results may name tags."""
    scene = world()
    async with scene.cache() as cache:

        @cache.cached("guests:{wedding}", tags=["wedding:{wedding}"])
        async def guests(wedding: str) -> str:
            return "list"

        @cache.purges(tags=["wedding:{wedding}", "guest:{result}"], keys=["guests:{wedding}"])
        async def add(wedding: str, name: str) -> int:
            if name == "fails":
                raise ValueError("after the commit")
            if name == "hangs":
                await asyncio.sleep(60)
            return 7

        @cache.purges(tags=["wedding:{wedding}"], soft=True)
        async def rename(wedding: str) -> None: ...

        for name in ("Ada", "fails", "hangs"):
            await guests("como")
            assert cache.peek("guests:como") == "list"
            writing = asyncio.create_task(add("como", name))
            await asyncio.sleep(0.01)
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
            assert cache.peek("guests:como") is None
        assert "guest:7" in scene.log.known
        await guests("como")
        await rename("como")
        assert (await cache.read("guests:como")).value == "list", "expired, not removed"


@in_loop
async def test_none_of_a_purge_is_lost_silently() -> None:
    """Where the log is down and nothing may be owed, the write's purge raises; the write's own error stays first."""
    scene = world()
    async with Cache(Settings(), log=scene.log, clock=scene.clock) as cache:

        @cache.purges(tags=["wedding:{wedding}"])
        async def write(wedding: str, fails: bool) -> None:
            if fails:
                raise ValueError("the write")

        scene.log.is_cut = True
        with pytest.raises(Exception, match="cut off"):
            await write("como", fails=False)
        with pytest.raises(ValueError, match="the write") as caught:
            await write("como", fails=True)
        assert any("its purge failed too" in note for note in caught.value.__notes__)
