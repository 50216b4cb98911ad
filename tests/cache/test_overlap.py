"""Keys of different functions never meet: two templates that could give one text are refused."""

from __future__ import annotations

import functools
import importlib
import itertools
import string
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from controlplane.cache import Cache
from controlplane.cache.overlap import KeySpace, _meet, _parts
from controlplane.cache.templates import Signature, Template, encode, key_template
from controlplane.errors import BadInput
from tests.cache.scene import in_loop, world

VALUES = ("a", "ab", "b", "", "1", "x:y", "%", 1, -1, 12, None, True, 0.5, (1, "a"))


def of_two(x: Any, y: Any) -> None:
    """What the templates are for."""


def template(text: str) -> Template:
    """A key template whose unnamed parameters are ignored."""
    return key_template(text, Signature(of_two), ("x", "y"))


def meet(one: str, other: str) -> bool:
    """Whether two templates can give the same text."""
    return _meet(_parts(template(one).literals), _parts(template(other).literals))


@pytest.mark.parametrize(
    ("one", "other", "is_met"),
    [
        ("guests:{x}", "guests:{y}", True),
        ("guests:{x}", "guests:{x}", True),
        ("guests:{x}", "guest:{x}", False),
        ("a:{x}:{y}", "a:{x}", False),
        ("a:{x}:b", "a:{x}:{y}", True),
        ("a:{x}:b", "a:{x}:c", False),
        ("a:{x}", "a:b", True),
        ("a:{x}", "a:_", False),
        ("a:{x}", "a:", False),
        ("a:{x}.html", "a:{x}.json", False),
        ("a:{x}.html", "a:{x}", True),
        ("a{x}", "ab{x}", True),
        ("a{x}", "a_{x}", False),
        ("a:b{x}c", "a:bc", False),
        ("a:{x}:{y}", "a:{x}:{y}:z", False),
        ("plain", "plain", True),
    ],
)
def test_templates_that_can_give_one_text(one: str, other: str, is_met: bool) -> None:
    """Told apart by their own texts and the number of their colons, in either order."""
    assert meet(one, other) is meet(other, one) is is_met


pieces = st.lists(st.sampled_from(["{x}", ":", "a", "b", "_", "1", ":"]), min_size=1, max_size=6).map("".join)


@given(one=pieces, other=pieces)
@example(one="a:{x}b", other="aa:{x}")
def test_equal_keys_are_never_missed(one: str, other: str) -> None:
    """Whenever two templates give one text for some values, they are said to meet."""
    filled = []
    for text in ("a" + one, "a" + other):
        assume(text.count("{x}") <= 2)
        try:
            made = template(text)
        except BadInput:
            assume(False)
        fields = len(made.literals) - 1
        filled.append({made._format % choice for choice in itertools.product(map(encode, VALUES), repeat=fields)})
    if filled[0] & filled[1]:
        assert meet("a" + one, "a" + other)


def test_every_kind_of_value_begins_as_fields_may() -> None:
    """The beginnings that make two templates differ are such as no value has."""
    begins = {encode(value)[0] for value in VALUES} | {encode(text)[0] for text in string.printable}
    assert all(meet("a:{x}", f"a:{begin}") for begin in begins)
    assert not any(encode(value).count(":") for value in VALUES)


@in_loop
async def test_two_functions_with_one_key_are_refused() -> None:
    """The error names both functions and both templates; nothing was defined; another cache is another key space."""
    async with world().cache() as cache:

        @cache.cached("guests:{wedding}")
        async def of_wedding(wedding: str) -> str:
            return "wedding"

        async def of_vendor(vendor: str) -> str:
            return "vendor"

        with pytest.raises(BadInput, match="one would be answered with the other's values") as refused:
            cache.cached("guests:{vendor}")(of_vendor)
        for part in ("'guests:{vendor}'", "'guests:{wedding}'", "of_wedding", "of_vendor"):
            assert part in str(refused.value)
        assert "shares=of_wedding" in refused.value.next_step
        assert await cache.cached("vendor guests:{vendor}")(of_vendor)("fiori") == "vendor"
        assert await world().cache().cached("guests:{vendor}")(of_vendor)("fiori") == "vendor"


@in_loop
async def test_keys_are_shared_on_purpose() -> None:
    """`shares` lets several functions have one key, also by way of another; only a decorated one can be named."""
    async with world().cache() as cache:

        @cache.cached("guests:{wedding}")
        async def first(wedding: str) -> str:
            return "first"

        @cache.cached("guests:{name}", shares=first)
        async def second(name: str) -> str:
            return "second"

        @cache.cached("guests:{ident}", shares=second)
        async def third(ident: str) -> str:
            return "third"

        assert await second("como") == await third("como") == await first("como") == "second"

        async def other(name: str) -> str:
            return name

        with pytest.raises(BadInput, match="not decorated by `cached` of the same cache"):
            cache.cached("others:{name}", shares=other)(other)
        with pytest.raises(BadInput, match="the same key"):
            cache.cached("guests:{name}")(other)


def test_a_module_may_be_loaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a reload the same function has its key again, also under a template that was changed."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setitem(sys.modules, "reloaded_cache", _holder(world().cache()))
    source = (
        "from reloaded_cache import cache\n\n@cache.cached('{}:{{x}}')\nasync def asked(x: int) -> int:\n    return x\n"
    )
    path = tmp_path / "reloaded_module.py"
    path.write_text(source.format("a"))
    try:
        module = importlib.import_module("reloaded_module")
        importlib.reload(module)
        path.write_text(source.format("a longer name"))
        importlib.reload(module)

        async def another(x: int) -> int:
            return x

        cache: Cache = module.cache
        cache.cached("a:{x}")(another)
        with pytest.raises(BadInput, match=r"reloaded_module\.asked"):
            cache.cached("a longer name:{x}")(another)
    finally:
        sys.modules.pop("reloaded_module", None)


def test_functions_without_a_name_of_their_own_are_told_apart() -> None:
    """Two lambdas, or two partial functions, are two functions."""
    space = KeySpace()

    def take(function: Callable[..., Any]) -> None:
        space.take(function, "a:{x}", ("a:", ""))

    take(lambda x: x)
    with pytest.raises(BadInput, match="lambda"):
        take(lambda x: x + 1)
    other = KeySpace()
    other.take(functools.partial(of_two, 1), "a:{y}", ("a:", ""))
    with pytest.raises(BadInput, match="partial"):
        other.take(functools.partial(of_two, 2), "a:{y}", ("a:", ""))


def _holder(cache: Cache) -> Any:
    """A module that holds a cache."""
    module = type(sys)("reloaded_cache")
    module.cache = cache  # type: ignore[attr-defined]  # a module made for this test
    return module
