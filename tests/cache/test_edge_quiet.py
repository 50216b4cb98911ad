"""G16: the minute after a purge, for tags that only the edge's answer tells of, and the second between two clocks."""

from __future__ import annotations

from tests.cache.scene import in_loop, world
from tests.cache.test_edge import TAGS, FakeEdge, cache, heard, load


@in_loop
async def test_a_learned_tags_purge_keeps_the_edge_quiet_too() -> None:
    """Half a minute after the purge of a tag that the answer brings, its copy is not used, however young it says it is;
    after a minute it is."""
    scene = world()
    edge = FakeEdge(scene, since=20, more={"x-wedcache-tags": "vendor:7"})
    async with cache(scene, edge) as one:
        await one.expire(tags=["vendor:7"])
        scene.clock.pass_by(30)
        await heard(one, scene)
        assert await one.get_or_load("a", load, tags=TAGS, public=True) == "from the loader"
        assert (edge.reads, one.stats.edge_misses) == (1, 1)
        scene.clock.pass_by(31)
        await heard(one, scene)
        assert await one.get_or_load("b", load, tags=TAGS, public=True) == "from the edge"


@in_loop
async def test_a_birth_within_a_second_of_the_purge_is_before_it() -> None:
    """Two processes' ideas of the log's time differ by a little: half a second after the purge is too close to tell."""
    scene = world()
    edge = FakeEdge(scene, since=60.5)
    async with cache(scene, edge) as one:
        await one.expire(tags=TAGS)
        scene.clock.pass_by(61)
        await heard(one, scene)
        assert await one.get_or_load("a", load, tags=TAGS, public=True) == "from the loader"
        assert (edge.reads, one.stats.edge_misses) == (1, 1)
        edge.since = 59.5
        assert await one.get_or_load("b", load, tags=TAGS, public=True) == "from the edge"
