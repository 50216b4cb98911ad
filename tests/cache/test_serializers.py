"""Serializers: any format that says its name, readable by whoever knows it, and never harmful to a read."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from controlplane.cache import Cache, Load, Settings, Status
from controlplane.cache.serializers import Json, MsgPack, Raw, Serializers
from controlplane.errors import BadInput
from controlplane.ports.serializer import Serializer
from tests.cache.scene import World, in_loop, until, world


class Guest(msgspec.Struct, frozen=True):
    """A typed value."""

    name: str
    table: int


class Shouting:
    """An application's own format, which fails when it is told to."""

    name = "shouting"
    code = 64
    is_broken = False

    def encode(self, value: Any) -> bytes:
        return str(value).upper().encode()

    def decode(self, raw: bytes, kind: Any) -> Any:
        if self.is_broken:
            raise KeyError("the format's own error")
        return raw.decode()


def cache(scene: World, serializer: Serializer | None = None, **settings: Any) -> Cache:
    """A cache of the region that writes with `serializer`."""
    return Cache(Settings(**settings), second=scene.tier, log=scene.log, clock=scene.clock, serializer=serializer)


def loads(value: Any) -> Any:
    """A loader of `value`."""

    async def load(context: Load) -> Any:
        return value

    return load


@in_loop
async def test_another_format_is_read_by_whoever_knows_it() -> None:
    """What a cache writes as JSON or raw bytes, one that writes MessagePack reads: the envelope names the format."""
    scene = world()
    async with cache(scene, Json()) as json, cache(scene, Raw()) as raw:
        await json.get_or_load("guest", loads(Guest("Ada", 7)))
        await raw.get_or_load("photo", loads(b"\xff\xd8"))
        await raw.get_or_load("text", loads("no bytes"))
        await until(lambda: len(scene.tier.values) == 2)
        assert raw.stats.unencodable == 1
    async with cache(scene) as reader:
        assert (await reader.read("guest", as_type=Guest)).value == Guest("Ada", 7)
        assert (await reader.read("photo")).value == b"\xff\xd8"
        assert (await reader.read("photo", as_type=Guest)).status is Status.HIT, "memory has it already"
    assert b'{"name":"Ada"' in scene.tier.values["main:guest"][0].payload


@in_loop
async def test_an_unknown_format_is_a_miss_and_a_count() -> None:
    """A process that does not know an application's format loads, and what its format raises is no error of a read."""
    scene, shouting = world(), Shouting()
    async with cache(scene, shouting) as writer:
        await writer.get_or_load("k", loads("hello"))
        await until(lambda: scene.tier.values)
    async with cache(scene) as other, cache(scene, shouting) as same, cache(scene, shouting) as broken:
        assert (await other.read("k")).status is Status.MISS
        assert other.stats.other_version == 1
        assert await same.get("k") == "HELLO"
        shouting.is_broken = True
        assert (await broken.read("k")).status is Status.MISS
        assert broken.stats.mistyped == 1


@in_loop
async def test_large_values_are_compressed_in_redis() -> None:
    """Above the threshold the second tier holds a fraction of the bytes, and another process reads the whole value."""
    scene, value = world(), [{"name": f"Guest Number {number}"} for number in range(200)]
    async with cache(scene) as writer, cache(scene, compress_above=10**9) as plain:
        await writer.get_or_load("packed", loads(value))
        await plain.get_or_load("plain", loads(value))
        await until(lambda: len(scene.tier.values) == 2)
        packed, whole = (len(scene.tier.values[f"main:{key}"][0].payload) for key in ("packed", "plain"))
        assert packed * 4 < whole
    async with cache(scene) as reader:
        assert await reader.get("packed") == await reader.get("plain") == value


def test_a_code_means_one_format() -> None:
    """A serializer that takes another one's code, or none that an envelope can hold, is refused by name."""

    class Taken(Shouting):
        """Another format under MessagePack's code."""

        code = 1

    class Outside(Shouting):
        """A code that does not fit."""

        code = 256

    for wrong in (Taken(), Outside()):
        with pytest.raises(BadInput, match="shouting"):
            Serializers(wrong)

    class Unhashable(Shouting):
        """What a dataclass is unless it says otherwise."""

        __hash__ = None  # type: ignore[assignment]  # that is the fault

    unhashable: Any = Unhashable()
    with pytest.raises(BadInput, match="__hash__"):
        Serializers(unhashable)
    known = Serializers(Json(), [Shouting()])
    assert [getattr(known.reader_of(code), "name", None) for code in (1, 2, 3, 64, 65)] == [
        "msgpack",
        "json",
        "raw",
        "shouting",
        None,
    ]
    assert Serializers().writes.name == MsgPack.name


def test_raw_takes_and_gives_bytes_only() -> None:
    """The raw format refuses what is no bytes, in both directions."""
    assert Raw().decode(Raw().encode(b"x"), None) == b"x"
    with pytest.raises(TypeError):
        Raw().encode("text")
    with pytest.raises(TypeError):
        Raw().decode(b"x", Guest)
