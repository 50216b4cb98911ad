"""Values that are pydantic models: they go through Redis, keep their types, and are each caller's own."""

from __future__ import annotations

import datetime
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, computed_field

from controlplane.adapters.pydantic import PydanticJson
from controlplane.cache import Cache, Load, Settings
from controlplane.cache.isolation import is_frozen, is_same
from controlplane.ports.serializer import Serializer
from tests.cache.scene import World, in_loop, until, world


class Dish(BaseModel):
    """A part."""

    name: str
    vegan: bool = False


class Menu(BaseModel):
    """A mutable model, with what JSON by itself does not keep: names, dates, keys."""

    model_config = ConfigDict(populate_by_name=True)

    ident: int = Field(alias="id")
    dishes: list[Dish] = []
    on: datetime.date = datetime.date(2027, 6, 12)
    by_table: dict[int, Dish] = {}

    @computed_field  # type: ignore[prop-decorator]  # pydantic's way
    @property
    def count(self) -> int:
        """Not stored."""
        return len(self.dishes)


class Frozen(BaseModel):
    """A model that refuses assignment."""

    model_config = ConfigDict(frozen=True)

    name: str
    tables: tuple[int, ...] = ()


class Secretive(BaseModel):
    """What pydantic's JSON does not tell."""

    password: SecretStr


class Partly(BaseModel):
    """A field that is left out of JSON."""

    name: str
    note: str = Field("", exclude=True)


class Remembering(BaseModel):
    """State beside the fields."""

    name: str
    _seen: int = PrivateAttr(default=0)


class Guest(msgspec.Struct, frozen=True):
    """A value of the other kind."""

    name: str


@dataclass
class Table:
    """A dataclass that holds models."""

    dishes: list[Dish]


MENU = Menu(ident=7, dishes=[Dish(name="risotto", vegan=True)], by_table={1: Dish(name="soup")})


def cache(scene: World, serializer: Serializer | None = None, **settings: Any) -> Cache:
    """A cache whose values may be models."""
    return Cache(
        Settings(**settings),
        second=scene.tier,
        log=scene.log,
        clock=scene.clock,
        serializer=serializer or PydanticJson(),
    )


def loads(value: Any) -> Any:
    """A loader of `value`."""

    async def load(context: Load) -> Any:
        return value

    return load


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (MENU, Menu),
        ([MENU, MENU], list[Menu]),
        ({"a": Dish(name="a"), "b": None}, dict[str, Dish | None]),
        ((Dish(name="a"), Frozen(name="b")), tuple[Dish, Frozen]),
        (Table([Dish(name="a")]), Table),
        (Frozen(name="a", tables=(1, 2)), Frozen | Dish),
        (Dish(name="a"), Dish | int),
        (Guest("Ada"), Guest),
        ([Guest("Ada")], list[Guest]),
        ({"plain": [1, "a", None]}, None),
    ],
)
@in_loop
async def test_models_come_back_from_redis_as_they_were(value: Any, kind: Any) -> None:
    """Another process gets equal values of the type asked for: models, containers of them, and what is no model."""
    scene = world()
    async with cache(scene) as first, cache(scene) as second:
        assert await first.get_or_load("k", loads(value), as_type=kind) == value
        await until(lambda: scene.tier.values)
        found = await second.get_or_load("k", loads("never"), as_type=kind)
        assert found == value
        assert type(found) is type(value)
        assert (second.stats.redis_hits, second.stats.loads, first.stats.unencodable) == (1, 0, 0)


@in_loop
async def test_a_decorated_function_says_the_type() -> None:
    """The return annotation is enough, also one that msgspec could not read."""
    scene = world()

    def decorated(one: Cache) -> Any:
        @one.cached("menu:{ident}")
        async def menu(ident: int) -> Menu | Dish | None:
            return MENU

        return menu

    async with cache(scene) as first, cache(scene) as second:
        await decorated(first)(7)
        await until(lambda: scene.tier.values)
        found = await decorated(second)(7)
        assert (type(found), found, second.stats.redis_hits) == (Menu, MENU, 1)


@pytest.mark.parametrize("from_redis", [False, True])
@pytest.mark.parametrize("value", [MENU, [MENU], Remembering(name="a")])
@in_loop
async def test_a_model_that_was_handed_out_changes_for_nobody_else(value: Any, from_redis: bool) -> None:
    """Isolation: whoever loaded or got a model may change it; the next caller's is as it was loaded."""
    scene = world()
    mine = value[0].model_copy(deep=True) if isinstance(value, list) else value.model_copy(deep=True)
    given: Any = [mine] if isinstance(value, list) else mine
    kind: Any = list[Menu] if isinstance(value, list) else type(value)
    async with cache(scene) as first, cache(scene) as second:
        await first.get_or_load("k", loads(given), as_type=kind)
        await until(lambda: scene.tier.values)
        asked = second if from_redis else first
        for name in type(mine).model_fields:
            object.__setattr__(mine, name, "changed")
        for _ in range(3):
            got = await asked.get_or_load("k", loads("never"), as_type=kind)
            assert got == value
            one = got[0] if isinstance(got, list) else got
            one.__dict__.update(dict.fromkeys(one.__dict__, "changed"))
            if isinstance(got, list):
                got.append("changed")


@pytest.mark.parametrize(
    "value",
    [
        Secretive(password=SecretStr("sesame")),
        [Secretive(password=SecretStr("sesame"))],
        {"a": [Partly(name="a", note="kept")]},
    ],
)
@in_loop
async def test_what_json_does_not_keep_stays_in_memory(value: Any) -> None:
    """Secrets and excluded fields never come back changed: such values are counted, and not in Redis."""
    scene = world()
    async with cache(scene) as one:
        assert await one.get_or_load("k", loads(value)) == value
        again = await one.get_or_load("k", loads("never"))
        assert again is not value
        assert type(again) is type(value)
        assert one.stats.unencodable == 1
        assert (one.stats.hits, scene.tier.values) == (1, {})


@in_loop
async def test_another_type_is_a_miss_and_a_count() -> None:
    """G16: what is not the asked model is loaded again."""
    scene = world()
    async with cache(scene) as first, cache(scene) as second:
        await first.get_or_load("k", loads({"name": 7}))
        await until(lambda: scene.tier.values)
        assert await second.get_or_load("k", loads(Dish(name="a")), as_type=Dish) == Dish(name="a")
        assert second.stats.mistyped == 1


def test_frozen_models_are_handed_out_as_they_are() -> None:
    """A frozen model of frozen parts needs no copy; one that can be changed anywhere does."""
    assert is_frozen(Frozen(name="a", tables=(1, 2)))
    assert not is_frozen(Dish(name="a"))
    assert not is_frozen(Frozen.model_construct(name="a", tables=[1]))  # type: ignore[arg-type]  # it is the point


@in_loop
async def test_a_frozen_model_from_redis_is_one_object() -> None:
    """Also what Redis had is decoded once."""
    scene, value = world(), Frozen(name="a", tables=(1,))
    async with cache(scene) as first, cache(scene) as second:
        assert await first.get_or_load("k", loads(value), as_type=Frozen) is value
        await until(lambda: scene.tier.values)
        found = await second.get_or_load("k", loads("never"), as_type=Frozen)
        assert found == value
        assert second.peek("k") is found


def test_models_that_differ_beside_their_fields_are_not_the_same() -> None:
    """Private attributes and types count."""
    one, other = Remembering(name="a"), Remembering(name="a")
    assert is_same(one, other)
    other._seen = 1
    assert not is_same(one, other)
    assert not is_same(Dish(name="a"), Partly(name="a"))
    assert is_same(MENU, MENU.model_copy(deep=True))


def test_the_cache_does_not_import_pydantic() -> None:
    """Who caches no models pays for no pydantic."""
    alone = "import sys, controlplane.cache; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", alone], check=False, timeout=60).returncode == 0
