"""G16: a value that was handed out cannot change what the next caller gets, nor can whoever loaded it."""

from __future__ import annotations

import dataclasses
import enum
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache import Cache, Load, Settings
from controlplane.cache.isolation import Isolation, is_frozen, is_frozen_kind, is_same
from controlplane.cache.serializers import MsgPack
from controlplane.domain.tags import CacheTag
from controlplane.errors import BadInput
from tests.cache.fakes import FakeClock, FakePurgeLog
from tests.cache.scene import in_loop, until, world


class Seat(msgspec.Struct, frozen=True):
    """Immutable all the way down."""

    table: int
    names: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True):
    """Promises to be frozen, and holds a list."""

    seats: list[Seat]


class Guest(msgspec.Struct):
    """Can be changed."""

    name: str
    born: datetime | None = None


class Meal(enum.Enum):
    """One of a few."""

    FISH = "fish"


@dataclasses.dataclass(frozen=True)
class Course:
    """A frozen dataclass."""

    meal: Meal
    wines: tuple[str, ...]


@dataclasses.dataclass
class Menu:
    """A dataclass that can be changed."""

    courses: list[Course]


class Pair(NamedTuple):
    """A tuple with names."""

    left: Any
    right: Any


class Node(msgspec.Struct, frozen=True):
    """A type within itself."""

    value: int
    rest: Node | None = None


MINUTE = timedelta(minutes=1)
ROME = datetime(2027, 6, 12, tzinfo=ZoneInfo("Europe/Rome"))
FROZEN = [
    None,
    7,
    "x",
    b"x",
    UTC,
    ROME,
    Meal.FISH,
    Seat(1, ("a",)),
    CacheTag("wedding:como"),
    Course(Meal.FISH, ("w",)),
    Pair(1, "x"),
    (1, (2,)),
]
CHANGEABLE: list[tuple[Any, Callable[[Any], object]]] = [
    ([1, {"a": [2]}], lambda value: value[1]["a"].append(3)),
    ({"a": {1: "x"}}, lambda value: value["a"].clear()),
    ({"when": ROME, "list": []}, lambda value: value["list"].append(1)),
    ({"set": {1, 2}}, lambda value: value["set"].add(3)),
    (Plan([Seat(1)]), lambda value: value.seats.clear()),
    (Guest("Ada"), lambda value: setattr(value, "name", "Bob")),
    (Guest("Ada", ROME), lambda value: setattr(value, "born", None)),
    (Menu([Course(Meal.FISH, ())]), lambda value: value.courses.clear()),
    (Pair([1], 2), lambda value: value.left.append(3)),
    (bytearray(b"x"), lambda value: value.extend(b"y")),
]


@in_loop
@pytest.mark.parametrize(("value", "change"), CHANGEABLE, ids=[type(value).__name__ for value, _ in CHANGEABLE])
async def test_nobody_changes_what_the_next_caller_gets(value: Any, change: Callable[[Any], object]) -> None:
    """Neither the loader's own hand on the value nor any caller's, from memory or Redis, changes a later answer."""
    scene = world()
    mine = MsgPack().decode(MsgPack().encode(value), type(value)) if isinstance(value, Guest) else value
    before = repr(mine)

    async def load(context: Load) -> Any:
        return mine

    async with scene.cache() as cache:
        first = await cache.get_or_load("k", load)
        assert repr(first) == before
        for spoil in (first, cache.peek("k"), await cache.get("k"), (await cache.read("k")).value):
            assert repr(spoil) == before
            assert type(spoil) is type(mine)
            change(spoil)
        change(mine)
        assert repr(await cache.get_or_load("k", load)) == before
        assert cache.stats.loads == 1


@in_loop
async def test_what_is_immutable_is_handed_out_as_it_is() -> None:
    """Frozen values cost no copy: every caller gets the loader's own object, unless `deep` asks for copies."""
    for value in FROZEN:
        assert is_frozen(value), value

        async def load(context: Load, given: Any = value) -> Any:
            return given

        async with world().cache() as cache:
            assert await cache.get_or_load("k", load) is value
            assert cache.peek("k") is value
    seat = Seat(7, ("Ada",))
    async with world().cache(copy="deep") as cache:

        async def seated(context: Load) -> Seat:
            return seat

        assert await cache.get_or_load("k", seated) == seat
        assert cache.peek("k") is not seat


@in_loop
async def test_without_copies_callers_share_one_value() -> None:
    """`copy="none"` hands out the value itself, and a word that is no rule is refused."""
    value = [1]

    async def load(context: Load) -> list[int]:
        return value

    async with world().cache(copy="none") as cache:
        assert await cache.get_or_load("k", load) is value
        assert cache.peek("k") is value
    with pytest.raises(BadInput, match="none, frozen, deep"):
        Cache(Settings(copy="shallow"), log=FakePurgeLog(), clock=FakeClock())


@in_loop
async def test_what_cannot_be_copied_is_not_kept() -> None:
    """A value with a lock in it is answered to whoever waited for it, never stored, and counted."""

    async def load(context: Load) -> Any:
        return {"lock": threading.Lock()}

    async with world().cache() as cache:
        assert set(await cache.get_or_load("k", load)) == {"lock"}
        assert cache.peek("k") is None
        assert (cache.stats.uncopyable, cache.stats.loads_not_stored) == (1, 1)


@in_loop
async def test_a_refresh_is_given_a_copy_of_the_former_value() -> None:
    """A loader that builds upon `previous` and fails half-way has not changed the copy that is then served."""
    scene = world()

    async def load(context: Load) -> list[int]:
        if context.previous is None:
            return [1]
        context.previous.append(2)
        raise ValueError("database down")

    async with scene.cache() as cache:
        assert await cache.get_or_load("k", load, fresh=MINUTE, stale=10 * MINUTE) == [1]
        scene.clock.pass_by(61)
        await until(lambda: cache._follower.blind_at > scene.clock.monotonic())
        assert await cache.get_or_load("k", load, fresh=MINUTE, stale=10 * MINUTE) == [1]
        assert cache.stats.load_failures == 1


@in_loop
async def test_what_came_from_redis_is_isolated_too() -> None:
    """A frozen type from Redis is decoded once; another one once for each caller."""
    scene = world()

    async def load(context: Load) -> Seat:
        return Seat(7, ("Ada",))

    async with scene.cache() as first:
        await first.get_or_load("k", load)
        await until(lambda: scene.tier.values)
    async with scene.cache() as typed, scene.cache() as plain:
        seat = await typed.get("k", as_type=Seat)
        assert seat == Seat(7, ("Ada",))
        assert typed.peek("k") is seat
        loose = await plain.get("k")
        loose["names"].append("Bob")
        assert plain.peek("k") == {"table": 7, "names": ["Ada"]}


def test_types_tell_whether_their_values_are_frozen() -> None:
    """A type is frozen if nothing that a decoder makes for it can be changed; what is not known is not frozen."""
    assert all(map(is_frozen_kind, [int, str | None, Seat, Node, Course, tuple[int, ...], Meal]))
    assert not any(map(is_frozen_kind, [list[int], Plan, Guest, Menu, Pair, Any, dict, object, tuple[list[int], int]]))


words = st.text(alphabet="a\0é\ud800\U0001f470", max_size=5)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | words | st.binary(max_size=5)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(words | st.integers(), inner, max_size=4)
        | st.builds(Pair, inner, inner)
    ),
    max_leaves=8,
)


@given(trees)
def test_what_stands_for_a_value_gives_it_back_exactly(value: Any) -> None:
    """Whatever is kept in a value's place gives back the same value, type by type, as often as it is asked."""
    serializer = MsgPack()
    try:
        payload: bytes | None = serializer.encode(value)
    except (TypeError, ValueError, OverflowError):
        payload = None
    kept = Isolation("frozen").of_loaded(value, payload, serializer, None)
    assert kept is not None
    for _ in range(2):
        again = kept.value if kept.thaw is None else kept.thaw(kept.value)
        assert repr(again) == repr(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), ([], ()), ({"a": 1}, {"a": True}), ({1: 0}, {True: 0}), (Pair(1, 2), (1, 2)), ([1], [1, 2])],
)
def test_equal_is_not_the_same(one: object, other: object) -> None:
    """What Python calls equal but is of another type or length is not the same."""
    assert not is_same(one, other)


@in_loop
async def test_every_way_in_and_out_is_isolated() -> None:
    """What was put, decorated or asked for with others is kept apart from whoever gave or got it."""
    mine = {"a": [1], "b": [2]}

    async def load(keys: Sequence[str]) -> dict[str, list[int]]:
        return {key: mine[key] for key in keys}

    async with world().cache() as cache:

        @cache.cached("decorated:{number}")
        async def decorated(number: int) -> list[int]:
            return mine["a"]

        await cache.put("put", mine["a"])
        (await decorated(1)).append(9)
        many = await cache.get_many_or_load(["a", "b"], load)
        many["a"].append(9)
        mine["a"].append(9)
        assert cache.peek("put") == [1]
        assert await decorated(1) == [1]
        assert (await cache.get_many_or_load(["a", "b"], load))["a"] == [1]
        assert await cache.get("b") == [2]
