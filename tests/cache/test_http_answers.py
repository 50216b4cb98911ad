"""G16 and a FastAPI service: validators, lifetimes, tags, birth, and how the cache handled a request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI, Request, Response

from controlplane.adapters.fastapi import EdgeLoop, HttpAnswers
from controlplane.cache import Cache, Load, Settings
from controlplane.domain.tags import CacheTag
from controlplane.domain.tier import Tier
from controlplane.ports.edge_reader import EdgeAnswer
from sandbox.pop.cloudflare_policy import Zone
from sandbox.pop.cloudflare_rules import Rule
from sandbox.pop.cloudfront_policy import CacheRules
from sandbox.pop.decide import Lifetime, NotCached
from sandbox.pop.messages import Headers
from sandbox.pop.messages import Request as Asked
from sandbox.pop.messages import Response as Answer
from tests.cache.scene import World, in_loop, until, world

HOUR = 3600


@dataclass
class Database:
    """What the pages are made of."""

    value: object = "schedule"
    fails: bool = False
    skips: bool = False
    loads: int = 0

    async def load(self, context: Load) -> object:
        self.loads += 1
        context.tags.append("vendor:7")
        await asyncio.sleep(0)
        if self.fails:
            raise ValueError("database down")
        return context.skip(self.value) if self.skips else self.value


@dataclass
class Service:
    """A service in one process, and how to ask it."""

    scene: World
    cache: Cache
    database: Database
    client: httpx.AsyncClient

    async def get(self, path: str = "/public", **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={name.replace("_", "-"): text for name, text in headers.items()})

    async def heard(self) -> None:
        await until(lambda: self.cache._follower.blind_at > self.scene.clock.monotonic())


@asynccontextmanager
async def service(scene: World, *, edge: object = None) -> AsyncIterator[Service]:
    """An application over a cache, asked through its ASGI face."""
    database = Database()
    kept = Cache(
        Settings(),
        second=scene.tier,
        log=scene.log,
        clock=scene.clock,
        edge=edge,  # type: ignore[arg-type]  # a test's own reader
    )
    app, answers = FastAPI(), HttpAnswers(kept, browser=30)
    app.add_middleware(EdgeLoop)

    @app.get("/public")
    async def public(request: Request) -> Response:
        read = await kept.read("page:como", database.load, tier=Tier.HIGH, tags=["wedding:como"], public=True)
        return answers.respond(request, read, public=True, key="page:como")

    @app.get("/private")
    async def private(request: Request) -> Response:
        return answers.respond(request, await kept.read("mine", database.load, tags=["wedding:como"]))

    @app.get("/guest")
    async def guest(request: Request) -> Response:
        return answers.respond(request, await kept.read("guest", database.load, tags=["guest:7"]), public=True)

    @app.get("/many")
    async def many(request: Request) -> Response:
        tags = [CacheTag(f"photo:{number}") for number in range(51)]
        return answers.respond(request, await kept.read("many", database.load, tags=tags), public=True)

    @app.get("/peek")
    async def peek(request: Request) -> Response:
        return answers.respond(request, await kept.read("never", None), public=True)

    async with kept, httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://app") as client:
        yield Service(scene, kept, database, client)


@in_loop
async def test_a_public_answer_can_be_kept_purged_and_validated() -> None:
    """The first answer was loaded, the second comes from memory with the time that is left; a known one is 304."""
    async with service(world()) as one:
        first = await one.get()
        assert first.json() == "schedule"
        assert first.headers["cache-status"] == 'wedcache; fwd=miss; stored; ttl=3600; key="page:como"'
        assert first.headers["cache-control"] == (
            "public, max-age=30, s-maxage=3600, stale-while-revalidate=280800, stale-if-error=280800"
        )
        assert first.headers["cdn-cache-control"].startswith("public, max-age=3600, stale-while-revalidate=280800")
        assert first.headers["cache-tag"] == first.headers["x-wedcache-tags"] == "wedding:como,vendor:7"
        born = float(first.headers["x-wedcache-born"])
        one.scene.clock.pass_by(600)
        await one.heard()
        second = await one.get()
        assert second.headers["cache-status"] == 'wedcache; hit; ttl=3000; key="page:como"; detail=memory'
        assert "s-maxage=3000," in second.headers["cache-control"]
        assert abs(float(second.headers["x-wedcache-born"]) - born) < 1
        assert second.headers["etag"] == first.headers["etag"]
        known = await one.get(If_None_Match=f'"x", W/{first.headers["etag"]}')
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", first.headers["etag"])
        assert "cache-tag" in known.headers
        assert (await one.get(If_None_Match='"x"')).status_code == 200
        assert one.database.loads == 1


@in_loop
async def test_who_waited_for_another_ones_load_says_so() -> None:
    """Of two requests at once one load was begun; the other was collapsed into it."""
    async with service(world()) as one:
        both = await asyncio.gather(one.get(), one.get())
        said = sorted(answer.headers["cache-status"] for answer in both)
        assert said == [
            'wedcache; fwd=miss; stored; collapsed; ttl=3600; key="page:como"',
            'wedcache; fwd=miss; stored; ttl=3600; key="page:como"',
        ]


@in_loop
async def test_a_read_tells_its_cache_status() -> None:
    """Without any HTTP a read has the field's value too, and it is the one that the service sends."""
    async with service(world()) as one:
        tags = ["wedding:como"]
        loaded = await one.cache.read("k", one.database.load, tier=Tier.HIGH, tags=tags)
        kept = await one.cache.read("k", one.database.load, tier=Tier.HIGH, tags=tags)
        said = [loaded.cache_status, kept.cache_status, (await one.cache.read("other", None)).cache_status]
        assert said == [
            "wedcache; fwd=miss; stored; ttl=3600",
            "wedcache; hit; ttl=3600; detail=memory",
            "wedcache; fwd=miss",
        ]
        await one.get("/private")
        mine = await one.cache.read("mine", one.database.load, tags=tags)
        assert (await one.get("/private")).headers["cache-status"] == mine.cache_status


@in_loop
async def test_a_stale_answer_says_why_and_is_asked_for_again_soon() -> None:
    """A copy served as its load failed was forwarded in vain; a CDN may keep it for seconds, no reader as new."""
    async with service(world()) as one:
        await one.get()
        one.scene.clock.pass_by(HOUR + 100)
        await one.heard()
        one.database.fails = True
        stale = await one.get()
        assert stale.json() == "schedule"
        assert stale.headers["cache-status"] == ('wedcache; fwd=stale; ttl=-100; key="page:como"; detail=load-failed')
        assert stale.headers["cache-control"].startswith("public, max-age=5, stale-while-revalidate=280700,")
        assert "x-wedcache-born" not in stale.headers


@in_loop
async def test_what_is_not_public_is_kept_by_nobody() -> None:
    """Private answers, personal data whatever was declared, and what no CDN could purge are `private, no-store`."""
    async with service(world()) as one:
        for path in ("/private", "/guest", "/many", "/peek"):
            answer = await one.get(path)
            assert answer.headers["cache-control"] == "private, no-store", path
            assert not {"cache-tag", "x-wedcache-tags", "x-wedcache-born", "cdn-cache-control"} & set(answer.headers)
        assert (await one.get("/private")).headers["cache-status"] == "wedcache; hit; ttl=1800; detail=memory"
        known = await one.get("/private", If_None_Match=(await one.get("/private")).headers["etag"])
        assert (known.status_code, known.headers["cache-control"]) == (304, "private, no-store")
        absent = await one.get("/peek")
        assert (absent.status_code, absent.headers["cache-status"]) == (404, "wedcache; fwd=miss")


ZONE = Zone(
    "z",
    "weddings.example",
    enterprise=False,
    settings={},
    rules={"http_request_cache_settings": (Rule("all", "true", "set_cache_settings", {"cache": True}),)},
)


@pytest.mark.parametrize("vendor", ["cloudflare", "cloudfront"])
@in_loop
async def test_both_cdns_keep_a_public_answer_and_serve_it_stale(vendor: str) -> None:
    """The same headers give both vendors the time that is left, the stale times and the tags to purge by; nothing of a
    private answer."""
    asked = Asked("GET", "app.weddings.example", "/public")
    rules = ZONE.caching(asked) if vendor == "cloudflare" else CacheRules(tag_header="cache-tag")
    async with service(world()) as one:
        await one.get()
        one.scene.clock.pass_by(600)
        await one.heard()
        public, private = [
            Answer(got.status_code, Headers.of(dict(got.headers)), got.content)
            for got in (await one.get(), await one.get("/private"))
        ]
    life = rules.lifetime(asked, public, 0.0)
    assert isinstance(life, Lifetime)
    assert (life.ttl, life.swr, life.sie) == (3000, 78 * HOUR, 78 * HOUR)
    assert rules.tags(public) == {"wedding:como", "vendor:7"}
    assert isinstance(rules.lifetime(asked, private, 0.0), NotCached)
    assert not rules.tags(private)


@in_loop
async def test_what_the_cache_did_not_keep_is_kept_by_nobody() -> None:
    """A loader that says `skip`, and a cache that is switched off, make answers that no CDN may keep."""
    async with service(world()) as one:
        one.database.skips = True
        skipped = await one.get()
        assert skipped.headers["cache-status"] == 'wedcache; fwd=miss; stored=?0; key="page:como"'
        with one.cache.disabled():
            bypassed = await one.get()
        assert bypassed.headers["cache-status"] == 'wedcache; fwd=bypass; key="page:como"'
        for answer in (skipped, bypassed):
            assert (answer.json(), answer.headers["cache-control"]) == ("schedule", "private, no-store")


@dataclass
class ServiceAsEdge:
    """A CDN with nothing in it, in front of a service: every read is a request to that service."""

    origin: httpx.AsyncClient
    reads: int = 0

    async def fetch(self, key: str) -> EdgeAnswer | None:
        self.reads += 1
        got = await self.origin.get("/public", headers={"cdn-loop": "cloudflare; loops=1, wedcache"})
        return EdgeAnswer(got.status_code, dict(got.headers), got.content)

    async def aclose(self) -> None:
        return


@in_loop
async def test_a_region_reads_what_another_one_has_through_the_edge() -> None:
    """One service's answer, with its birth and learned tags, is another region's entry: as old, purged by them."""
    far, near = world(), world()
    async with service(far) as origin:
        await origin.get()
        far.clock.pass_by(600)
        near.clock.pass_by(600)
        await origin.heard()
        edge = ServiceAsEdge(origin.client)
        async with service(near, edge=edge) as here:
            answer = await here.get()
            assert answer.json() == "schedule"
            assert re.fullmatch(r'wedcache; fwd=miss; key="page:como"; detail=edge', answer.headers["cache-status"])
            assert answer.headers["cache-tag"] == "wedding:como,vendor:7"
            assert float(answer.headers["x-wedcache-born"]) > 0
            assert (edge.reads, here.database.loads, origin.database.loads) == (1, 0, 1)
            await here.cache.remove(tags=["vendor:7"])
            await here.get()
            assert (edge.reads, here.database.loads) == (2, 1), "asked, and refused for its learned tag"


@in_loop
async def test_a_service_whose_own_edge_is_empty_answers_at_once() -> None:
    """The service reads through an edge that asks the service itself: the inner request loads, nobody waits."""
    scene = world()
    edge = ServiceAsEdge(httpx.AsyncClient())
    async with service(scene, edge=edge) as one:
        await edge.origin.aclose()
        edge.origin = one.client
        answer = await one.get()
        assert answer.json() == "schedule"
        assert (edge.reads, one.database.loads, one.cache.stats.edge_loops) == (1, 1, 1)
