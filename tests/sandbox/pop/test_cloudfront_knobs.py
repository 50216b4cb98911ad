"""Each knob of a distribution and its policies, over real TLS sockets, before and after it was changed."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path

from sandbox.probe import probe
from sandbox.run import write_json
from tests.sandbox.pop.declared import behaviour, cache_policy, cloudfront, items, origin
from tests.sandbox.pop.world import HOME, STANDBY, World, played_at, world

played = played_at("cloudfront", "FRA56-P1")


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


def test_a_stopped_origin_costs_the_connection_time_out(tmp_path: Path) -> None:
    """An origin that accepts and then says nothing, as a stopped process does, is a 504 after its tries."""

    async def scene(stage: World) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            hosts = json.loads(stage.run.hosts.read_text()) | {HOME: f"127.0.0.1:{silent.getsockname()[1]}"}
            write_json(stage.run.hosts, hosts)
            members = items({"OriginId": "home"}, {"OriginId": "standby"})
            group = {"Id": "both", "FailoverCriteria": {"StatusCodes": items(503)}, "Members": members}
            tried = items(origin("home", HOME, ConnectionAttempts=2), origin("standby", STANDBY))
            await stage.api.declare(**cloudfront(Origins=tried))
            assert (await stage.get("/a")).status == 504
            assert 2000 <= stage.log()[-1]["origin_ms"] < 3500
            once = items(origin("home", HOME), origin("standby", STANDBY))
            grouped = cloudfront(Origins=once, OriginGroups=items(group), behaviour={"TargetOriginId": "both"})
            await stage.api.declare(**grouped)
            assert (await stage.get("/b")).text == "standby:one"

    played(tmp_path, scene)


def test_a_deaf_pop_is_found_out(tmp_path: Path) -> None:
    """A POP that ignores one knob answers the probe of that knob differently, and no other."""

    async def play(ignored: frozenset[str]) -> list[str]:
        async with world(tmp_path / str(len(ignored)), "cloudfront", "FRA56-P1", ignored=ignored) as stage:
            await stage.api.declare(**cloudfront(cache_policy(MinTTL=40, queries=["q"])))
            stage.home.headers = {"Cache-Control": "no-store"}
            return [(await stage.get(path)).x_cache for path in ("/a", "/a", "/a?q=1")]

    assert asyncio.run(play(frozenset())) == ["Miss", "Hit", "Miss"]
    assert asyncio.run(play(frozenset({"QueryStringsConfig"}))) == ["Miss", "Hit", "Hit"]
    assert asyncio.run(play(frozenset({"MinTTL", "QueryStringsConfig"}))) == ["Miss"] * 3


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
