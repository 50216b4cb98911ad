"""G13 and G16, the edge as a tier: when it is read, what of it is believed, and that it harms nobody."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache import Cache, Load, Read, Settings, Status
from controlplane.cache.edge import copy_of
from controlplane.errors import BadInput, Unavailable
from controlplane.ports.edge_reader import EdgeAnswer, answers_edge
from tests.cache.scene import Source, World, in_loop, until, world

TAGS = ["wedding:como"]
LOG = 1e9 + 1000.0
"""The fake log's time when a fake region begins."""


@dataclass
class FakeEdge:
    """A CDN that answers every key with the same copy, born `since` seconds ago, or fails."""

    scene: World
    since: float = 10.0
    age: float = 0.0
    lifetime: float = 3600.0
    status: int = 200
    body: bytes = b'"from the edge"'
    more: dict[str, str] = field(default_factory=dict)
    fails: bool = False
    reads: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def fetch(self, key: str) -> EdgeAnswer | None:
        self.reads += 1
        await self.gate.wait()
        if self.fails:
            raise Unavailable("the edge did not answer")
        born = self.scene.clock.monotonic() + 1e9 - self.since
        headers = {
            "content-type": "application/json; charset=utf-8",
            "cache-control": f"public, max-age=0, s-maxage={self.lifetime:.0f}",
            "age": f"{self.age:.0f}",
            "x-wedcache-born": f"{born:.3f}",
            **self.more,
        }
        return EdgeAnswer(self.status, {name: text for name, text in headers.items() if text}, self.body)

    async def aclose(self) -> None:
        return


def cache(scene: World, edge: FakeEdge, **settings: Any) -> Cache:
    """A cache of the region that reads through this edge."""
    return Cache(Settings(**settings), second=scene.tier, log=scene.log, clock=scene.clock, edge=edge)


async def load(context: Load) -> Any:
    """The source itself."""
    return "from the loader"


async def heard(one: Cache, scene: World) -> None:
    """Wait until the cache has heard the log since the clock was moved."""
    await until(lambda: one._follower.blind_at > scene.clock.monotonic())


@in_loop
async def test_a_public_value_is_read_through_the_edge_and_kept() -> None:
    """After Redis and before the loader; memory and Redis keep it with its age; a private value never goes there."""
    scene = world()
    edge = FakeEdge(scene, since=600, age=500)
    async with cache(scene, edge) as one:
        read = await one.read("k", load, tags=TAGS, public=True)
        assert (read.value, read.status, read.tier) == ("from the edge", Status.HIT, "edge")
        assert read.age == pytest.approx(600, abs=1)
        assert (await one.read("k", load, tags=TAGS, public=True)).tier == "memory"
        await until(lambda: scene.tier.values)
        assert await one.get_or_load("private", load, tags=TAGS) == "from the loader"
        assert await one.get_or_load("skipped", load, tags=TAGS, public=True, skip=["edge"]) == "from the loader"
        assert (edge.reads, one.stats.edge_hits, one.stats.loads) == (1, 1, 2)
    async with cache(scene, edge) as other:
        read = await other.read("k", load, tags=TAGS, public=True)
        assert (read.value, read.tier, edge.reads) == ("from the edge", "redis", 1)
        assert read.age == pytest.approx(600, abs=1)


@in_loop
async def test_personal_data_is_never_public() -> None:
    """A call that declares a guest's value public is refused before anything is read."""
    scene = world()
    edge = FakeEdge(scene)
    async with cache(scene, edge) as one:
        with pytest.raises(BadInput, match="guest"):
            await one.get_or_load("k", load, tags=["guest:7"], public=True)
        edge.more["x-wedcache-tags"] = "guest:7"
        assert await one.get_or_load("k", load, tags=TAGS, public=True) == "from the loader"
    assert edge.reads == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", 404), ("status", 206), ("status", 503), ("fails", True), ("body", b"\xff"), ("lifetime", 0),
        ("age", 3600), ("since", 5000), ("since", -60), ("more", {"x-wedcache-born": ""}),
        ("more", {"x-wedcache-born": "inf"}), ("more", {"set-cookie": "a=b"}), ("more", {"content-encoding": "gzip"}),
        ("more", {"cache-control": "private, s-maxage=60"}), ("more", {"cache-control": "max-age=60, no-store"}),
        ("more", {"cache-status": "wedcache; hit; ttl=60, CDN; hit; ttl=-1"}), ("more", {"cache-control": ""}),
        ("more", {"age": "soon"}), ("more", {"x-wedcache-tags": "no tag"}),
    ],
)  # fmt: skip
@in_loop
async def test_what_the_edge_cannot_prove_is_a_miss(name: str, value: Any) -> None:
    """No copy without the origin's time of birth, nor a stale, private, damaged, future or failing one is used."""
    scene = world()
    edge = FakeEdge(scene)
    setattr(edge, name, value)
    async with cache(scene, edge) as one:
        read = await one.read("k", load, as_type=str, tags=TAGS, public=True)
        assert (read.value, read.tier, edge.reads) == ("from the loader", "loader", 1)
        stats = one.stats
        assert stats.edge_misses + stats.edge_failures + stats.mistyped == 1


@in_loop
async def test_for_a_minute_after_a_purge_the_edge_is_not_read() -> None:
    """Soft or hard, by tag or key: 59 s later the loader is asked; after 60 s the edge, for copies born since only."""
    scene = world()
    edge = FakeEdge(scene, since=0)
    async with cache(scene, edge) as one:
        await one.expire(tags=TAGS)
        scene.clock.pass_by(59)
        await heard(one, scene)
        assert await one.get_or_load("a", load, tags=TAGS, public=True) == "from the loader"
        assert edge.reads == 0
        scene.clock.pass_by(1)
        await heard(one, scene)
        edge.since = 61
        assert await one.get_or_load("b", load, tags=TAGS, public=True) == "from the loader"
        edge.since = 30
        assert await one.get_or_load("c", load, tags=TAGS, public=True) == "from the edge"
        await one.remove("other")
        assert await one.get_or_load("d", load, tags=TAGS, public=True) == "from the edge"
        assert edge.reads == 3


@in_loop
async def test_tags_that_the_origin_learned_hold_at_the_edge_too() -> None:
    """A copy brings its origin's tags: a purge of one refuses it, and removes it where it was kept."""
    scene = world()
    edge = FakeEdge(scene, more={"x-wedcache-tags": "wedding:como,vendor:7"})
    async with cache(scene, edge) as one:
        assert await one.get_or_load("k", load, tags=TAGS, public=True) == "from the edge"
        await one.remove(tags=["vendor:7"])
        assert one.peek("k") is None
        assert await one.get_or_load("k", load, tags=TAGS, public=True) == "from the loader"


@in_loop
async def test_a_purge_during_the_read_wins() -> None:
    """A copy that was asked for before a removal is not used after it."""
    scene = world()
    edge = FakeEdge(scene)
    edge.gate.clear()
    async with cache(scene, edge) as one:
        reading = asyncio.create_task(one.get_or_load("k", load, tags=TAGS, public=True))
        await until(lambda: edge.reads)
        await one.remove(tags=TAGS)
        edge.gate.set()
        assert await reading == "from the loader"


@in_loop
async def test_without_the_log_the_edge_is_not_read() -> None:
    """A process that cannot hear purges, or whose log has just begun anew, does not know what a CDN should forget."""
    scene = world()
    edge = FakeEdge(scene)
    async with cache(scene, edge) as one:
        assert await one.get_or_load("a", load, tags=TAGS, public=True) == "from the edge"
        scene.log.is_cut = True
        scene.clock.pass_by(3)
        assert await one.get_or_load("b", load, tags=TAGS, public=True) == "from the loader"
        scene.log.restart_empty()
        scene.log.is_cut = False
        await until(lambda: one.stats.epochs)
        await heard(one, scene)
        assert await one.get_or_load("c", load, tags=TAGS, public=True) == "from the loader"
        scene.clock.pass_by(61)
        await heard(one, scene)
        assert await one.get_or_load("d", load, tags=TAGS, public=True) == "from the edge"
    assert edge.reads == 2


@pytest.mark.parametrize(
    ("declared", "said"), [({}, {"public": True}), ({"options": {"public": True}}, {})], ids=["call", "settings"]
)
@in_loop
async def test_a_request_from_the_edge_never_waits_for_the_edge(declared: dict[str, Any], said: dict[str, Any]) -> None:
    """The edge asks its origin, which is this process: that request loads, although a read of the edge is under way."""
    scene = world()
    edge = FakeEdge(scene)
    edge.gate.clear()
    async with cache(scene, edge, **declared) as one:
        reading = asyncio.create_task(one.get_or_load("k", load, tags=TAGS, **said))
        await until(lambda: edge.reads)
        token = answers_edge.set(True)
        assert await one.get_or_load("k", load, tags=TAGS, **said) == "from the loader"
        answers_edge.reset(token)
        edge.gate.set()
        await reading
        assert (edge.reads, one.stats.edge_loops) == (1, 1)


@in_loop
async def test_without_an_edge_all_share_one_load() -> None:
    """Where no load reads the edge, a request that came through it waits for another one's load as any other does."""
    source = Source()
    source.gate.clear()
    async with world().cache() as one:
        reading = asyncio.create_task(one.get_or_load("k", source, tags=TAGS, public=True))
        await until(lambda: source.loads)
        token = answers_edge.set(True)
        other = asyncio.create_task(one.get_or_load("k", source, tags=TAGS, public=True))
        answers_edge.reset(token)
        await until(lambda: one.stats.joined)
        source.gate.set()
        assert (await reading, await other, source.loads) == ("v0", "v0", 1)


@in_loop
async def test_a_failing_edge_is_left_alone() -> None:
    """After three failures in a row it is not asked for a while, and every read is answered by the loader."""
    scene = world()
    edge = FakeEdge(scene, fails=True)
    async with cache(scene, edge) as one:
        for number in range(10):
            scene.clock.pass_by(0.02)
            assert await one.get_or_load(f"k{number}", load, tags=TAGS, public=True) == "from the loader"
        assert (edge.reads, one.stats.edge_failures) == (3, 3)


class Pair(msgspec.Struct, array_like=True):
    """A typed value."""

    left: int
    right: int


@in_loop
async def test_typed_and_packed_values_come_from_the_edge() -> None:
    """MessagePack and bytes are read by their content type, into the asked type."""
    scene = world()
    packed = FakeEdge(scene, body=msgspec.msgpack.encode([1, 2]), more={"content-type": "application/msgpack"})
    photo = FakeEdge(scene, body=b"\xff\xd8", more={"content-type": "image/jpeg"})
    async with cache(scene, packed) as one, cache(scene, photo) as other:
        assert await one.get_or_load("list", load, as_type=Pair, public=True) == Pair(1, 2)
        photo_read: Read[Any] = await other.read("photo", load, public=True)
        assert photo_read.value == b"\xff\xd8"


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.sampled_from(["s-maxage=", "max-age=", "x="]))
def test_a_copy_is_never_younger_than_anybody_says(since: float, waited: float, lifetime: float, name: str) -> None:
    """Its age is the greatest of what origin and CDN say, and it is fresh no longer than the CDN would have it."""
    headers = {"x-wedcache-born": str(LOG - since), "age": str(waited), "cache-control": f"{name}{lifetime}"}
    copy = copy_of(EdgeAnswer(200, headers, b""), LOG)
    if name == "x=" or waited >= lifetime:
        assert copy is None
    else:
        assert copy is not None
        assert copy.age >= max(since - 1e-3, waited)
        assert copy.fresh - copy.age <= lifetime - waited + 1e-3
