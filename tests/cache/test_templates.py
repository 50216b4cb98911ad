"""Key templates: checked when the function is defined, and injective for every argument."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache.templates import Signature, encode, key_template
from controlplane.errors import BadInput


class Colour(enum.Enum):
    """A plain enumeration."""

    RED = "red"
    BLUE = "blue"


class Size(enum.IntEnum):
    """One that equals numbers."""

    ONE = 1
    TWO = 2


class Point(msgspec.Struct, frozen=True):
    """A struct."""

    x: int
    y: str


@dataclasses.dataclass(frozen=True)
class Pair:
    """A dataclass with the same fields."""

    x: int
    y: str


TEXTS = st.one_of(
    st.text(max_size=4),
    st.text(alphabet="a1:%,()!'-. {}", max_size=6),
    st.sampled_from(["1", "!none", "none", "true", "!true", "'1", "-1", "1.0", "!f1.0", "a:b", "a%3Ab"]),
)
SCALARS = st.one_of(
    TEXTS,
    st.integers(-3, 3),
    st.integers(),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.dates(),
    st.datetimes(timezones=st.one_of(st.none(), st.just(datetime.UTC))),
    st.times(),
    st.timedeltas(),
    st.binary(max_size=3),
    st.sampled_from([*Colour, *Size]),
)
VALUES = st.recursive(
    st.one_of(SCALARS, st.builds(Point, st.integers(0, 2), TEXTS), st.builds(Pair, st.integers(0, 2), TEXTS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.frozensets(SCALARS, max_size=3),
        st.dictionaries(TEXTS, inner, max_size=2),
    ),
    max_leaves=5,
)


def same(one: Any, other: Any) -> bool:
    """Whether a function could not tell them apart: equal, and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other and math.copysign(1, one) == math.copysign(1, other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, frozenset):
        return len(one) == len(other) and all(any(same(a, b) for b in other) for a in one)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, Point | Pair):
        return same((one.x, one.y), (other.x, other.y))
    return bool(one == other)


@given(VALUES, VALUES)
def test_different_values_never_look_alike(one: Any, other: Any) -> None:
    """Two values have one text only if they are the same, of the same types; none holds a colon."""
    if encode(one) == encode(other):
        assert same(one, other) or repr(one) == repr(other)
    assert ":" not in encode(one)
    assert encode(one) == encode(one)


@given(st.tuples(VALUES, VALUES), st.tuples(VALUES, VALUES))
def test_different_arguments_never_share_a_key(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    """A template of two fields keeps argument lists apart."""

    def guests(wedding: Any, page: Any) -> None: ...

    template = key_template("guests:{wedding}-x:{page}!", Signature(guests), ())
    if template.filled(one, {}) == template.filled(other, {}):
        assert all(same(a, b) or repr(a) == repr(b) for a, b in zip(one, other, strict=True))


def test_the_same_call_in_other_words_has_the_same_key() -> None:
    """By position, by name or by default: one key."""

    def guests(wedding: str, page: int = 1, *, full: bool = False) -> None: ...

    template = key_template("guests:{wedding}:{page}:{full}", Signature(guests), ())
    assert template.filled(("como",), {}) == "guests:como:1:!false"
    assert template.filled(("como", 1), {"full": False}) == "guests:como:1:!false"
    assert template.filled((), {"page": 1, "wedding": "como"}) == "guests:como:1:!false"
    with pytest.raises(TypeError, match="missing a required argument: 'wedding'"):
        template.filled((), {"page": 1})


def test_attributes_take_part() -> None:
    """`{pair.x}` is the attribute of an argument that could not be a key itself."""

    def seat(pair: Pair) -> None: ...

    assert key_template("seat:{pair.x}:{pair.y}", Signature(seat), ()).filled((Pair(7, "9"),), {}) == "seat:7:'9"


def _guests(wedding: str, page: int) -> None: ...


def _anything(*pages: int) -> None: ...


@pytest.mark.parametrize(
    ("text", "function", "words"),
    [
        ("guests:{wedding}:{pages}", _guests, r"\{pages\}.*no such parameter.*wedding, page"),
        ("guests:{wedding}", _guests, "depends on 'page'"),
        ("guests:{wedding}{page}", _guests, "without a colon between"),
        ("{wedding}:{page}", _guests, "begins with a field"),
        ("guests:{wedding!r}:{page}", _guests, "{name} and {name.attribute} only"),
        ("guests:{wedding}:{page:>3}", _guests, "{name} and {name.attribute} only"),
        ("guests:{}:{page}", _guests, "{name} and {name.attribute} only"),
        ("guests:{wedding", _guests, "cannot be read"),
        ("guests:{pages}", _anything, "takes \\*pages"),
    ],
)
def test_what_cannot_work_is_refused_when_it_is_defined(text: str, function: Callable[..., Any], words: str) -> None:
    """A wrong template raises BadInput that names the function or the template and what is wrong."""
    with pytest.raises(BadInput, match=words):
        key_template(text, Signature(function), ())


def test_a_value_without_a_form_is_refused() -> None:
    """An argument that no text can stand for raises BadInput that says what to do."""
    with pytest.raises(BadInput, match="a object cannot be part of a cache key") as caught:
        encode(object())
    assert "{guest.id}" in caught.value.next_step
