"""A CloudFront POP over real TLS sockets: what was declared is what guests get."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from sandbox.probe import probe
from tests.sandbox.pop.declared import behaviour, cache_policy, cloudfront, items, origin
from tests.sandbox.pop.world import HOME, STANDBY, World, world

Scene = Callable[[World], Awaitable[None]]
STALE = {"Cache-Control": "max-age=60, stale-while-revalidate=600", "ETag": '"1"'}


def played(folder: Path, scene: Scene, http: bool = False) -> None:
    """Play one scene at a CloudFront POP."""

    async def play() -> None:
        async with world(folder, "cloudfront", "FRA56-P1", http) as stage:
            await scene(stage)

    asyncio.run(play())


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
        await stage.settled(lambda: len(stage.home.asked) == 2)
        await asyncio.sleep(0.3)
        assert ((await stage.get("/a")).text, len(stage.home.asked)) == ("home:two", 2)
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
            await stage.api.declare(
                **declared, invalidations=[{"distribution_id": "E1", "id": "I1", "items": list(purged)}]
            )
            return [(await stage.get(path)).x_cache for path in ("/a", "/b/1", "/b/2")]

        assert await after("/a") == ["Miss", "Hit", "Hit"]
        assert await after("/b/*") == ["Hit", "Miss", "Miss"]
        assert await after("#wedding:como") == ["Miss"] * 3
        assert await after("#vendor:7", "/A") == ["Hit"] * 3
        stage.home.delay = 0.3
        under_way = asyncio.create_task(stage.get("/slow"))
        await stage.settled(lambda: stage.home.asked[-1].path == "/slow")
        await stage.api.declare(**declared, invalidations=[{"distribution_id": "E1", "id": "I2", "items": ["/*"]}])
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


def test_origin_groups(tmp_path: Path) -> None:
    """A read fails over on the listed statuses and on a dead origin if 503 is listed; a write never does."""

    async def scene(stage: World) -> None:
        def grouped(*statuses: int) -> dict[str, object]:
            criteria = {"StatusCodes": items(*statuses)}
            members = items({"OriginId": "home"}, {"OriginId": "standby"})
            group = {"Id": "both", "FailoverCriteria": criteria, "Members": members}
            return cloudfront(OriginGroups=items(group), behaviour={"TargetOriginId": "both"})

        await stage.api.declare(**grouped(500))
        stage.home.status = 500
        assert (await stage.get("/a")).text == "standby:one"
        assert (await stage.get("/a", method="POST", body=b"x")).status == 500
        stage.home.status = 404
        assert (await stage.get("/b")).status == 404
        assert stage.log()[-1]["origin"] == HOME

    played(tmp_path, scene)


def test_origin_groups_and_a_dead_origin(tmp_path: Path) -> None:
    """A connection failure leads to the second origin only where 503 is among the statuses; else it is a 502."""

    async def scene(stage: World) -> None:
        dead = items(origin("home", "gone.weddings.example"), origin("standby", STANDBY))

        def grouped(*statuses: int) -> dict[str, object]:
            members = items({"OriginId": "home"}, {"OriginId": "standby"})
            group = {"Id": "both", "FailoverCriteria": {"StatusCodes": items(*statuses)}, "Members": members}
            return cloudfront(Origins=dead, OriginGroups=items(group), behaviour={"TargetOriginId": "both"})

        await stage.api.declare(**grouped(500, 504))
        failed = await stage.get("/a")
        assert (failed.status, failed.x_cache) == (502, "Error")
        await stage.api.declare(**grouped(503))
        assert (await stage.get("/b")).text == "standby:one"
        assert stage.log()[-1]["origin"] == STANDBY

    played(tmp_path, scene)


def test_time_outs_are_the_declared_ones(tmp_path: Path) -> None:
    """An origin that does not answer costs the read time-out times the attempts, then 504; shorter when declared so."""

    async def scene(stage: World) -> None:
        stage.home.delay = 2.5
        slow = origin("home", HOME, OriginReadTimeout=1)
        await stage.api.declare(**cloudfront(Origins=items(slow)))
        failed = await stage.get("/a")
        assert failed.status == 504
        row = stage.log()[-1]
        assert 1000 <= row["origin_ms"] < 2000
        assert (row["reason"], row["cache"]) == ("timeout", "miss")
        stage.home.delay = 0.0
        stage.clock.advance(11)
        assert (await stage.get("/a")).status == 200

    played(tmp_path, scene)


def test_what_is_in_the_key_and_what_is_forwarded(tmp_path: Path) -> None:
    """Query strings, headers, cookies and encodings split the cache only where the policy names them."""

    async def scene(stage: World) -> None:
        async def splits() -> list[bool]:
            variants: list[tuple[str, dict[str, str]]] = [
                ("?q=1", {}),
                ("", {"Accept-Language": "it"}),
                ("", {"Cookie": "side=bride"}),
                ("", {"Accept-Encoding": "gzip"}),
            ]
            found, plain = [], {"Accept-Encoding": "identity"}
            for number, (query, headers) in enumerate(variants):
                path = f"/{stage.api.acked}/{number}"
                await stage.get(path, headers=plain)
                found.append((await stage.get(path + query, headers=plain | headers)).x_cache == "Miss")
            return found

        await stage.api.declare(**cloudfront())
        assert await splits() == [False] * 4
        assert stage.home.asked[-1].headers["User-Agent"] == "Amazon CloudFront"
        assert stage.home.asked[-1].headers["Host"] == HOME
        keyed = cache_policy(queries=["q"], headers=["Accept-Language"], cookies=["side"], gzip=True)
        await stage.api.declare(**cloudfront(keyed))
        assert await splits() == [True] * 4
        forwarding = {
            "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": items("Host", "X-Wedcache-Freeze")},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "all"},
        }
        declared = cloudfront(behaviour={"OriginRequestPolicyId": "forward"})
        await stage.api.declare(**declared, origin_request_policies={"forward": forwarding})
        assert await splits() == [False] * 4
        await stage.get("/f?any=1", headers={"X-Wedcache-Freeze": "r", "X-Other": "o"})
        asked = stage.home.asked[-1]
        assert (asked.query_string, asked.headers["Host"]) == ("any=1", "como.weddings.example")
        assert ("X-Wedcache-Freeze" in asked.headers, "X-Other" in asked.headers) == (True, False)

    played(tmp_path, scene)


def test_behaviours_methods_and_protocol(tmp_path: Path) -> None:
    """Path patterns choose the behaviour in order; methods and plain HTTP are refused or moved as declared."""

    async def scene(stage: World) -> None:
        read_only = {"AllowedMethods": {**items("GET", "HEAD"), "CachedMethods": items("GET", "HEAD")}}
        photos = behaviour(
            PathPattern="/photos/*", TargetOriginId="standby", ViewerProtocolPolicy="https-only", **read_only
        )
        await stage.api.declare(**cloudfront(CacheBehaviors=items(photos), DefaultRootObject="index.html"))
        assert (await stage.get("/photos/1.jpg")).text == "standby:one"
        assert (await stage.get("/photos/1.jpg", method="POST", body=b"x")).status == 403
        assert (await stage.get("/rsvp", method="POST", body=b"x")).text == "home:one"
        await stage.get("/")
        assert stage.home.asked[-1].path == "/index.html"
        plain = await asyncio.to_thread(probe, "http://como.weddings.example/a?b=1", "FRA56", {}, stage.run)
        assert (plain["status"], plain["headers"]["location"]) == (301, "https://como.weddings.example/a?b=1")
        plain = await asyncio.to_thread(probe, "http://como.weddings.example/photos/1.jpg", "FRA56", {}, stage.run)
        assert plain["status"] == 403

    played(tmp_path, scene, http=True)


def test_hosts(tmp_path: Path) -> None:
    """Aliases, wildcards and the distribution's own domain lead to it; other hosts and a disabled one get a 403."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**cloudfront(Aliases=items("*.weddings.example")))
        for host, status in (("como.weddings.example", 200), ("d1.cloudfront.net", 200), ("x.example", 403)):
            assert (await stage.get("/a", host)).status == status
        refused = await stage.get("/a", "x.example")
        assert (refused.x_cache, refused.headers["x-amz-cf-pop"]) == ("Error", "FRA56-P1")
        await stage.api.declare(**cloudfront(Enabled=False))
        assert (await stage.get("/a")).status == 403

    played(tmp_path, scene)


def test_viewer_headers_are_the_viewers_only(tmp_path: Path) -> None:
    """A response headers policy changes what the viewer sees and nothing of how long the edge keeps it."""

    async def scene(stage: World) -> None:
        policy = {
            "CustomHeadersConfig": items({"Header": "Cache-Control", "Value": "max-age=1", "Override": True}),
            "RemoveHeadersConfig": items({"Header": "X-Tags"}),
            "SecurityHeadersConfig": {"ContentTypeOptions": {"Override": True}},
        }
        stage.home.headers = {"Cache-Control": "max-age=60", "X-Tags": "a"}
        declared = cloudfront(behaviour={"ResponseHeadersPolicyId": "viewer"})
        await stage.api.declare(**declared, response_headers_policies={"viewer": policy})
        await stage.get("/a")
        stage.clock.advance(30)
        seen = await stage.get("/a")
        assert (seen.x_cache, seen.headers["cache-control"]) == ("Hit", "max-age=1")
        assert (seen.headers["x-content-type-options"], "x-tags" in seen.headers) == ("nosniff", False)

    played(tmp_path, scene)


def test_ttl_bounds_can_be_changed(tmp_path: Path) -> None:
    """Each bound of the cache policy acts from the moment it is declared."""

    async def scene(stage: World) -> None:
        async def life(path: str, seconds: float) -> str:
            await stage.get(path)
            stage.clock.advance(seconds)
            return (await stage.get(path)).x_cache

        await stage.api.declare(**cloudfront())
        assert await life("/max1", 50) == "Hit"
        await stage.api.declare(**cloudfront(cache_policy(MaxTTL=40)))
        assert await life("/max2", 50) == "Miss"
        stage.home.headers = {"Cache-Control": "no-store"}
        assert await life("/min1", 1) == "Miss"
        await stage.api.declare(**cloudfront(cache_policy(MinTTL=40)))
        assert await life("/min2", 30) == "Hit"
        stage.home.headers = {}
        assert await life("/default1", 50) == "Hit"
        await stage.api.declare(**cloudfront(cache_policy(DefaultTTL=40)))
        assert await life("/default2", 50) == "Miss"
        await stage.api.declare(**cloudfront(cache_policy(DefaultTTL=0, MaxTTL=0)))
        assert await life("/default1", 0) == "Miss"
        assert stage.log()[-1]["cache"] == "pass"

    played(tmp_path, scene)
