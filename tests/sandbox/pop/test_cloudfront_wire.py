"""A CloudFront POP over real TLS sockets: hits, stale copies, failures, invalidations."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.sandbox.pop.declared import cache_policy, cloudfront, items
from tests.sandbox.pop.world import World, played_at

played = played_at("cloudfront", "FRA56-P1")


def test_hit_miss_and_expiry(tmp_path: Path) -> None:
    """A fetched answer is a HIT with its age until its max-age has passed on the calendar."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**cloudfront())
        first, second = await stage.get("/a"), await stage.get("/a")
        assert (first.status, first.x_cache, second.x_cache) == (200, "Miss", "Hit")
        assert first.headers["x-amz-cf-pop"] == "FRA56-P1"
        stage.clock.advance(58)
        late = await stage.get("/a")
        assert late.x_cache == "Hit"
        assert int(late.headers["age"]) in (58, 59)
        stage.clock.advance(2)
        stage.home.body = "two"
        assert (await stage.get("/a")).text == "home:two"

    played(tmp_path, scene)


def test_revalidation_and_conditional_viewers(tmp_path: Path) -> None:
    """An expired copy with an ETag is confirmed by a 304, and a viewer who has it gets a 304 too."""

    async def scene(stage: World) -> None:
        stage.home.headers = {"Cache-Control": "max-age=60", "ETag": '"1"'}
        await stage.api.declare(**cloudfront())
        await stage.get("/a")
        stage.clock.advance(61)
        again = await stage.get("/a")
        assert (again.status, again.text, again.x_cache) == (200, "home:one", "RefreshHit")
        assert stage.home.asked[-1].headers["If-None-Match"] == '"1"'
        assert (await stage.get("/a", headers={"If-None-Match": '"1"'})).status == 304
        assert (await stage.get("/a", method="HEAD")).x_cache == "Hit"

    played(tmp_path, scene)


def test_stale_while_revalidate(tmp_path: Path) -> None:
    """The stale copy comes at once while one fetch brings a new one, and at the maximum TTL it is gone."""

    async def scene(stage: World) -> None:
        stage.home.headers = {"Cache-Control": "max-age=60, stale-while-revalidate=9999"}
        await stage.api.declare(**cloudfront(cache_policy(MaxTTL=600)))
        await stage.get("/a")
        stage.clock.advance(120)
        stage.home.body, stage.home.delay = "two", 0.2
        stale = await asyncio.gather(*(stage.get("/a") for _ in range(5)))
        assert {(one.text, one.x_cache) for one in stale} == {("home:one", "RefreshHit")}
        async with asyncio.timeout(60):
            while (await stage.get("/a")).text != "home:two":  # noqa: ASYNC110 - a POP signals nothing
                await asyncio.sleep(0.01)
        assert len(stage.home.asked) == 2
        stage.clock.advance(601)
        stage.home.body = "three"
        assert (await stage.get("/a")).text == "home:three"

    played(tmp_path, scene)


def test_an_expired_copy_stands_in_for_a_failing_origin(tmp_path: Path) -> None:
    """Without stale-if-error a 5xx yields the expired copy and 10 s of rest; a 4xx goes to the viewer."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**cloudfront())
        await stage.get("/a")
        stage.clock.advance(61)
        stage.home.status = 503
        assert [(await stage.get("/a")).status for _ in range(3)] == [200] * 3
        assert len(stage.home.asked) == 2
        stage.clock.advance(11)
        assert (await stage.get("/a")).x_cache == "RefreshHit"
        assert len(stage.home.asked) == 3
        stage.clock.advance(11)
        stage.home.status = 404
        assert (await stage.get("/a")).status == 404

    played(tmp_path, scene)


def test_stale_if_error_has_its_own_end(tmp_path: Path) -> None:
    """With the directive each request asks the origin first, and after its window the error is shown."""

    async def scene(stage: World) -> None:
        stage.home.headers = {"Cache-Control": "max-age=60, stale-if-error=60"}
        await stage.api.declare(**cloudfront())
        await stage.get("/a")
        stage.clock.advance(100)
        stage.home.status = 500
        assert [(await stage.get("/a")).status for _ in range(2)] == [200, 200]
        assert len(stage.home.asked) == 3
        stage.clock.advance(30)
        failed = await stage.get("/a")
        assert (failed.status, failed.x_cache) == (500, "Error")

    played(tmp_path, scene)


def test_errors_are_remembered_for_the_declared_time(tmp_path: Path) -> None:
    """A 5xx of an uncached page is kept for the error caching minimum TTL; changing it changes that."""

    async def scene(stage: World) -> None:
        stage.home.status, stage.home.headers = 503, {}
        await stage.api.declare(**cloudfront())
        assert [(await stage.get("/a")).status for _ in range(3)] == [503] * 3
        assert len(stage.home.asked) == 1
        await stage.api.declare(**cloudfront(CustomErrorResponses=items({"ErrorCode": 503, "ErrorCachingMinTTL": 0})))
        for path in ("/b", "/b"):
            await stage.get(path)
        assert len(stage.home.asked) == 3
        page = {"ErrorCode": 503, "ErrorCachingMinTTL": 0, "ResponsePagePath": "/sorry.html", "ResponseCode": "200"}
        await stage.api.declare(**cloudfront(CustomErrorResponses=items(page)))
        assert (await stage.get("/c")).status == 503  # the page itself cannot be had
        stage.home.status = 200
        await stage.get("/sorry.html")
        stage.home.status = 503
        shown = await stage.get("/c")
        assert (shown.status, shown.text) == (200, "home:one")

    played(tmp_path, scene)


def test_invalidations(tmp_path: Path) -> None:
    """A path, a wildcard and a tag delete exactly what they name, also what was under way, and are acknowledged."""

    async def scene(stage: World) -> None:
        stage.home.headers = {"Cache-Control": "max-age=600", "X-Tags": "Wedding:Como, page:home"}
        declared = cloudfront(CacheTagConfig={"HeaderName": "X-Tags"})
        await stage.api.declare(**declared)

        async def after(*purged: str) -> list[str]:
            for path in ("/a", "/b/1", "/b/2"):
                await stage.get(path)
            await stage.api.declare(**declared, invalidations=[{"owner": "E1", "id": "I1", "items": list(purged)}])
            return [(await stage.get(path)).x_cache for path in ("/a", "/b/1", "/b/2")]

        assert await after("/a") == ["Miss", "Hit", "Hit"]
        assert await after("/b/*") == ["Hit", "Miss", "Miss"]
        assert await after("#wedding:como") == ["Miss"] * 3
        assert await after("#vendor:7", "/A") == ["Hit"] * 3
        stage.home.delay = 0.3
        under_way = asyncio.create_task(stage.get("/slow"))
        await stage.settled(lambda: stage.home.asked[-1].path == "/slow")
        await stage.api.declare(**declared, invalidations=[{"owner": "E1", "id": "I2", "items": ["/*"]}])
        stage.home.body = "two"
        assert (await stage.get("/slow")).text == "home:two"
        await under_way
        assert (await stage.get("/slow")).text == "home:two"

    played(tmp_path, scene)


def test_one_fetch_serves_many(tmp_path: Path) -> None:
    """Fifty guests who ask for one cold page cost one request to the origin; uncacheable answers are not shared."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**cloudfront())
        stage.home.delay = 0.2
        answers = await asyncio.gather(*(stage.get("/a") for _ in range(50)))
        assert ({one.text for one in answers}, len(stage.home.asked)) == ({"home:one"}, 1)
        stage.home.headers = {"Cache-Control": "private"}
        await asyncio.gather(*(stage.get("/mine") for _ in range(4)))
        assert len(stage.home.asked) == 5

    played(tmp_path, scene)
