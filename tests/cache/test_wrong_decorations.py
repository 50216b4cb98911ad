"""What cannot be decorated is refused when it is defined, with the way to go; what can, works as the function did."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from controlplane.cache import Cache
from controlplane.errors import BadInput
from tests.cache.scene import in_loop, world


async def named(name: Any) -> Any:
    """A function."""
    return name


@pytest.mark.parametrize(
    ("decorate", "said"),
    [
        (lambda cache: cache.cached(named), "in place of a key's template"),
        (lambda cache: cache.cached("k:{name}")(functools.partial(named, "a")), "decorates functions"),
        (lambda cache: cache.cached("k:{name}")(classmethod(named)), "decorates functions"),
        (lambda cache: cache.cached("k:{name}")(property(named)), "decorates functions"),
        (lambda cache: cache.cached("k:{name}")("named"), "decorates functions"),
        (lambda cache: cache.cached("k:{name}", tier="high")(named), "no member of Tier"),
    ],
    ids=["no template", "partial", "classmethod", "property", "text", "tier"],
)
def test_what_is_no_function_is_named(decorate: Callable[[Cache], Any], said: str) -> None:
    """Each is a BadInput that says what was given."""
    with pytest.raises(BadInput, match=said):
        decorate(world().cache())


@in_loop
async def test_methods_of_each_kind_and_the_function_beneath() -> None:
    """Methods, class methods and static methods are cached; the function itself is `__wrapped__`."""
    calls: list[str] = []
    async with world().cache() as cache:

        class Desk:
            @cache.cached("own:{name}")
            async def own(self, name: str) -> str:
                calls.append("own")
                return name

            @classmethod
            @cache.cached("of_class:{name}")
            async def of_class(cls, name: str) -> str:
                calls.append("class")
                return name

            @staticmethod
            @cache.cached("free:{name}")
            async def free(name: str) -> str:
                calls.append("free")
                return name

        for _ in range(2):
            assert [await Desk().own("a"), await Desk.of_class("a"), await Desk.free("a")] == ["a", "a", "a"]
        assert calls == ["own", "class", "free"]
        beneath: Any = Desk.free
        assert await beneath.__wrapped__("a") == "a"
        assert calls[-2:] == ["free", "free"]


@in_loop
async def test_a_function_that_calls_itself_with_other_arguments() -> None:
    """Each argument is loaded once, however deep."""
    loads = 0
    async with world().cache() as cache:

        @cache.cached("fibonacci:{number}")
        async def fibonacci(number: int) -> int:
            nonlocal loads
            loads += 1
            return number if number < 2 else await fibonacci(number - 1) + await fibonacci(number - 2)

        assert await fibonacci(60) == 1548008755920
        assert loads == 61
