"""The edge as a tier through real processes: memory, Redis, a POP of the sandbox, the service behind it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from controlplane.cache import Cache, Load, Status
from controlplane.domain.http_caching import parsed_status
from controlplane.domain.tier import Tier
from sandbox import valkey
from sandbox.run import write_json
from tests.cache.edge_service import LEARNED, TAG
from tests.cache.edge_world import Edge, WanderingClock, edge, replaced_by_site
from tests.cache.scene import in_loop, until

HOUR = 3600


@pytest.fixture(scope="module", params=["cloudflare", "cloudfront"])
def far(
    request: pytest.FixtureRequest, server: valkey.Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Edge]:
    """A service behind one vendor's POP."""
    with edge(request.param, tmp_path_factory.mktemp("edge"), server) as running:
        yield running


async def answer(far: Edge, key: str) -> Mapping[str, str]:
    """The headers of the POP's answer to anybody who asks for a page (who is no reader: without `CDN-Loop`)."""
    async with far.visitor() as visitor, visitor.get(f"{far.prefix}{key}") as said:
        assert said.status == 200, await said.text()
        return {name.lower(): text for name, text in said.headers.items()}


async def own(_context: Load) -> Any:
    """The near region's own source."""
    return {"page": "from the near region's source"}


async def read(cache: Cache, key: str) -> Any:
    """A read that declares its value public."""
    return await cache.read(key, own, tier=Tier.HIGH, tags=[TAG], public=True)


@in_loop
async def test_memory_then_redis_then_the_pop_then_the_services_loader(far: Edge, scope: str) -> None:
    """Each tier is asked once, in this order; a second region has it from the POP, and the service loaded once."""
    async with far.near(scope) as one:
        first = await read(one, "home")
        assert (first.value, first.tier, first.status) == ({"page": "home", "load": 1}, "edge", Status.HIT)
        assert first.cache_status == "wedcache; fwd=miss; detail=edge"
        assert (await read(one, "home")).tier == "memory"
    async with far.near(scope) as neighbour, far.near(f"{scope}-other") as other:
        found = await read(neighbour, "home")
        assert (found.value, found.tier, far.seen("home")) == (first.value, "redis", ["miss"])
        again = await read(other, "home")
        assert (again.value, again.tier, far.seen("home")) == (first.value, "edge", ["miss", "hit"])
        assert [cache.stats.loads for cache in (one, neighbour, other)] == [0, 0, 0]
    assert len(await far.asked("home")) == 1
    assert (await far.witness())["loads"].count("home") == 1


@in_loop
async def test_redis_is_refilled_with_the_services_birth_and_our_as_of(far: Edge, scope: str) -> None:
    """What Redis gives the next process is as old as the service said, and as of what our region had purged."""
    async with far.near(scope) as one:
        await one.expire(tags=["wedding:ravello"])
        first = await read(one, "travel")
        assert (first.tier, first.entry.as_of) == ("edge", one.position)
    async with far.near(scope) as neighbour:
        kept = await read(neighbour, "travel")
        assert (kept.tier, kept.entry.as_of) == ("redis", first.entry.as_of)
        assert {TAG, LEARNED} <= set(kept.tags)
        born = float((await answer(far, "travel"))["x-wedcache-born"])
        assert (before := neighbour.log_time) is not None
        age = (await read(neighbour, "travel")).age
        assert (after := neighbour.log_time) is not None
        assert before - born - 1 < age < after - born + 1


@in_loop
async def test_for_a_minute_after_a_purge_the_pop_is_not_asked(far: Edge, scope: str) -> None:
    """A purge in our region, by another process: the copy goes and 60 s long the source is asked; then the POP."""
    clock = WanderingClock()
    async with far.near(scope, clock=clock) as one, far.near(scope) as neighbour:
        assert (await read(one, "gallery")).tier == "edge"
        await neighbour.remove(tags=[TAG])
        await until(lambda: one.position == neighbour.position)
        assert [(await read(one, key)).tier for key in ("gallery", "menu")] == ["loader", "loader"]
        assert (await read(neighbour, "seats")).tier == "loader"
        assert [far.seen(key) for key in ("gallery", "menu", "seats")] == [["miss"], [], []]
        clock.ahead = 61.0
        await until(lambda: one.sees_log)
        assert (await read(one, "guide")).tier == "edge"
        assert far.seen("guide") == ["miss"]


@in_loop
async def test_a_purge_of_a_tag_that_only_the_service_knew(far: Edge, scope: str) -> None:
    """Its tags came with the copy: a purge of one takes the copy, and the POP's copy is refused while it is young."""
    async with far.near(scope) as one:
        assert (await read(one, "florist")).tier == "edge"
        await one.remove(tags=[LEARNED])
        assert one.peek("florist") is None
        assert (await read(one, "florist")).tier == "loader"
        assert one.stats.edge_misses == 1


@in_loop
async def test_age_counts(far: Edge, scope: str) -> None:
    """A copy that waited ten minutes at the POP is ten minutes old here, and fresh for ten minutes less; one that is
    stale there is not taken."""
    async with far.near(scope) as one, far.near(f"{scope}-later") as later, far.near(f"{scope}-last") as last:
        young = await read(one, "wine")
        with far.later(600):
            old = await read(later, "wine")
            assert int((await answer(far, "wine"))["age"]) >= 600
        assert (old.tier, far.seen("wine")[:2]) == ("edge", ["miss", "hit"])
        assert 600 <= old.age < 700
        assert young.ttl - 700 < old.ttl <= young.ttl - 600 + 1
        with far.later(HOUR + 60):
            assert (await read(last, "wine")).tier == "loader"
        assert far.seen("wine")[3] == "updating", "the POP gave a stale copy"
        assert last.stats.edge_misses == 1


@in_loop
async def test_the_service_says_how_it_came_about(far: Edge) -> None:
    """`Cache-Status` goes through both CDNs as the service wrote it, and is read by the grammar of RFC 9211."""
    (said,) = parsed_status((await answer(far, "map"))["cache-status"])
    assert (said.cache, said.said["fwd"], said.said["stored"], said.said["key"]) == ("wedcache", "miss", True, "map")
    assert not said.is_stale
    headers, _ = await far.ask("GET", "/pages/map", **{"CDN-Loop": "wedcache"})
    (said,) = parsed_status(headers["cache-status"])
    assert (said.said["hit"], said.said["detail"]) == (True, "memory")
    assert HOUR - 600 < float(said.said["ttl"]) <= HOUR


@in_loop
async def test_a_loop_is_cut(far: Edge) -> None:
    """Asked past the POP, a cold service reads the POP, which asks the service: that request loads and nobody waits."""
    headers, body = await far.ask("GET", "/pages/dance")
    assert body == {"page": "dance", "load": 1}
    assert headers["cache-status"] == 'wedcache; fwd=miss; key="dance"; detail=edge'
    said = await far.witness()
    assert (far.seen("dance"), said["loads"].count("dance"), said["edge_failures"]) == (["miss"], 1, 0)
    outer, inner = await far.asked("dance")
    assert "cdn-loop" not in outer
    if far.vendor == "cloudflare":
        assert inner["cdn-loop"] == "wedcache, cloudflare; loops=1"
    else:
        assert inner["via"].endswith("(CloudFront)")


@in_loop
async def test_a_guest_at_the_pop_never_waits_for_the_pop(far: Edge) -> None:
    """The POP waits for the service and lets all who ask for the same wait: the service must not be one of them."""
    loops = (await far.witness())["edge_loops"]
    assert (await answer(far, "cake"))["x-wedcache-tags"] == f"{TAG},{LEARNED}"
    said = await far.witness()
    assert (far.seen("cake"), said["loads"].count("cake"), said["edge_failures"]) == (["miss"], 1, 0)
    assert said["edge_loops"] == loops + 1


@in_loop
async def test_a_pop_that_hangs_neither_raises_nor_delays(far: Edge, scope: str) -> None:
    """Stopped with SIGSTOP: reads are answered from the source; after three failures in a row nobody asks it."""
    async with far.near(scope, timeout=0.2) as one:
        with far.stopped():
            tiers = [(await read(one, f"hung{number}")).tier for number in range(30)]
            assert tiers == ["loader"] * 30
            assert 3 <= one.stats.edge_failures < 15
    assert (await answer(far, "after"))["x-wedcache-born"], "the POP is back"


@in_loop
async def test_a_pop_that_is_slow_is_not_waited_for(far: Edge, scope: str) -> None:
    """The service needs longer than the reader's limit: the source answers while the POP is still waiting."""
    async with far.near(scope, timeout=0.2) as one:
        await far.ask("PUT", "/gate/shut")
        try:
            assert (await read(one, "slow")).tier == "loader"
            assert (far.seen("slow"), one.stats.edge_failures) == ([], 1)
        finally:
            await far.ask("PUT", "/gate/open")


@in_loop
async def test_a_pop_that_is_gone_is_a_miss(far: Edge, scope: str) -> None:
    """Nobody listens where the POP was: the source answers at once, and the failure is counted."""
    port, far.port = far.port, valkey.free_port()
    try:
        async with far.near(scope) as one:
            assert (await read(one, "gone")).tier == "loader"
            assert one.stats.edge_failures == 1
    finally:
        far.port = port


@in_loop
async def test_a_service_that_is_gone_is_a_miss(far: Edge, scope: str) -> None:
    """The POP's own error pages (502, 530) are never taken for a value."""
    names = json.loads(far.run.hosts.read_text())
    write_json(far.run.hosts, {})
    try:
        async with far.near(scope) as one:
            assert (await read(one, "alone")).tier == "loader"
            assert (one.stats.edge_misses, len(far.seen("alone"))) == (1, 1)
    finally:
        write_json(far.run.hosts, names)


SITES = {"cloudflare": ("/api/weddings/como/", "timeline", dict), "cloudfront": ("/", "schedule", bytes)}


@in_loop
async def test_pages_of_the_sandboxs_origin_are_read_through_the_edge(far: Edge, scope: str) -> None:
    """An origin that is no FastAPI application says the same: data or a page come from the POP, with their tags."""
    folder, key, kind = SITES[far.vendor]
    with replaced_by_site(far):
        async with far.near(scope, prefix=f"https://{far.host}{folder}") as one:
            page = await read(one, key)
            assert (page.tier, isinstance(page.value, kind)) == ("edge", True)
            assert {TAG, "page:como.schedule"} <= set(page.tags)
            assert (await read(one, key)).tier == "memory"
            await one.remove(tags=["page:como.schedule"])
            assert one.peek(key) is None
