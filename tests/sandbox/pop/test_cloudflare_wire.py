"""A Cloudflare POP over real TLS sockets: what was declared is what guests get."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.sandbox.pop.declared import cloudflare, rule
from tests.sandbox.pop.portal import APP, Portal, cached, played


def test_what_is_cached_without_rules(tmp_path: Path) -> None:
    """Pages are DYNAMIC and never kept; static extensions are kept; a cache rule changes either."""

    async def scene(portal: Portal) -> None:
        await portal.declare(**cloudflare())
        assert await portal.seen("/page", "/page", "/a.JPG", "/a.JPG") == ["DYNAMIC", "DYNAMIC", "MISS", "HIT"]
        ray = (await portal.get("/page")).headers["cf-ray"]
        assert (len(ray), ray.endswith("-FRA")) == (20, True)
        off = rule("set_cache_settings", {"cache": False}, 'ends_with(lower(http.request.uri.path), ".jpg")')
        await portal.declare(**cloudflare(request=[cached(), off]))
        assert await portal.seen("/page", "/page", "/a.JPG") == ["MISS", "HIT", "DYNAMIC"]
        await portal.declare(**cloudflare(request=[cached()], settings={"development_mode": "on"}))
        assert await portal.seen("/page") == ["BYPASS"]
        assert (await portal.get("/page", method="POST", body=b"x")).cf == "BYPASS"

    played(tmp_path, scene)


def test_edge_ttl_modes(tmp_path: Path) -> None:
    """The origin's age, a rule's override, a default, a bypass and a TTL by status each act as declared."""

    async def scene(portal: Portal) -> None:
        async def life(path: str, age: float) -> str:
            await portal.get(path)
            portal.clock.advance(age)
            return (await portal.get(path)).cf

        await portal.declare(**cloudflare(request=[cached(edge_ttl={"mode": "respect_origin"})]))
        assert (await life("/a1", 50), await life("/a2", 70)) == ("HIT", "EXPIRED")
        await portal.declare(**cloudflare(request=[cached(edge_ttl={"mode": "override_origin", "default": 300})]))
        assert await life("/b1", 250) == "HIT"
        portal.home.headers = {"Cache-Control": "private", "Set-Cookie": "a=b"}
        assert await life("/b2", 250) == "HIT"
        assert "set-cookie" not in (await portal.get("/b2")).headers
        await portal.declare(**cloudflare(request=[cached()]))
        assert await life("/c1", 0) == "BYPASS"
        portal.home.headers = {}
        assert (await life("/d1", 7100), await life("/d2", 7300)) == ("HIT", "EXPIRED")
        await portal.declare(**cloudflare(request=[cached(edge_ttl={"mode": "bypass_by_default"})]))
        assert await life("/e1", 0) == "BYPASS"
        by_status = [{"status_code": 200, "value": 30}, {"status_code_range": {"from": 400, "to": 499}, "value": -1}]
        await portal.declare(
            **cloudflare(request=[cached(edge_ttl={"mode": "respect_origin", "status_code_ttl": by_status})])
        )
        assert (await life("/f1", 20), await life("/f2", 40)) == ("HIT", "EXPIRED")
        portal.home.status = 404
        assert await life("/f3", 0) == "MISS"

    played(tmp_path, scene)


STALE = "max-age=60, stale-while-revalidate=600, stale-if-error=600"


def test_stale_directives_and_what_switches_them_off(tmp_path: Path) -> None:
    """SWR yields UPDATING, SIE yields STALE; s-maxage, Always Online and the rule's switch each end that."""

    async def scene(portal: Portal) -> None:
        async def after(path: str, text: str, age: float = 120, status: int = 200) -> str:
            portal.home.headers, portal.home.status = {"Cache-Control": text}, 200
            await portal.get(path)
            portal.clock.advance(age)
            portal.home.status = status
            answer = await portal.get(path)
            return answer.cf if answer.status == 200 else str(answer.status)

        error_only = "max-age=60, stale-if-error=600"
        await portal.declare(**cloudflare(request=[cached()]))
        assert await after("/a", STALE) == "UPDATING"
        assert await after("/b", STALE, age=700) == "EXPIRED"
        assert await after("/c", error_only, status=503) == "STALE"
        assert await after("/d", error_only, status=503, age=700) == "503"
        assert await after("/e", STALE.replace("max-age", "s-maxage")) == "EXPIRED"
        assert await after("/f", f"{STALE}, must-revalidate") == "EXPIRED"
        await portal.declare(**cloudflare(request=[cached(serve_stale={"disable_stale_while_updating": True})]))
        assert await after("/g", STALE) == "EXPIRED"
        await portal.declare(**cloudflare(request=[cached()], settings={"always_online": "on"}))
        assert await after("/h", STALE) == "EXPIRED"
        assert await after("/i", error_only, status=503) == "503"

    played(tmp_path, scene)


def test_response_rules_inject_what_the_origin_did_not_send(tmp_path: Path) -> None:
    """Directives set for Cloudflare alone act at the edge and stay invisible; others reach the viewer; tags are set."""

    async def scene(portal: Portal) -> None:
        hidden = {"operation": "set", "value": 600, "cloudflare_only": True}
        shown = {"operation": "set", "value": 5}
        directives = rule("set_cache_control", {"stale_while_revalidate": hidden, "max_age": shown | {"value": 60}})
        private = rule("set_cache_control", {"private": {"operation": "remove"}}, "http.response.code eq 200")
        tags = rule("set_cache_tags", {"operation": "add", "values": ["Injected"]})
        declared = cloudflare(request=[cached()], response=[directives, private, tags])
        await portal.declare(**declared)
        portal.home.headers = {"Cache-Control": "private, max-age=1", "Cache-Tag": "wedding:como"}
        first = await portal.get("/a")
        assert (first.cf, first.headers["cache-control"], "cache-tag" in first.headers) == ("MISS", "max-age=60", False)
        portal.clock.advance(100)
        assert await portal.seen("/a") == ["UPDATING"]
        await portal.get("/b")
        await portal.declare(**declared, purges=[{"zone_id": "z1", "kind": "hard", "tags": ["injected"]}])
        assert await portal.seen("/b") == ["MISS"]

    played(tmp_path, scene)


def test_purges(tmp_path: Path) -> None:
    """Files, tags, hosts, prefixes and everything reach what they name; hard deletes, soft marks stale."""

    async def scene(portal: Portal) -> None:
        portal.home.headers = {"Cache-Control": "max-age=600, stale-while-revalidate=600", "Cache-Tag": "Wedding:Como"}
        declared = cloudflare(request=[cached()])
        await portal.declare(**declared)
        paths = ("/a", "/a?q=1", "/dir/1", "/directory")

        async def after(kind: str, **selected: Any) -> list[str]:
            await portal.seen(*paths)
            await portal.declare(**declared, purges=[{"zone_id": "z1", "kind": kind, **selected}])
            return await portal.seen(*paths)

        assert await after("hard", files=[f"https://{APP}/a"]) == ["MISS", "HIT", "HIT", "HIT"]
        assert await after("hard", files=[{"url": f"https://{APP}/a?q=1"}]) == ["HIT", "MISS", "HIT", "HIT"]
        assert await after("hard", prefixes=[f"{APP}/dir"]) == ["HIT", "HIT", "MISS", "HIT"]
        assert await after("hard", tags=["wedding:como"]) == ["MISS"] * 4
        assert await after("hard", tags=["wedding:other"], hosts=["www.weddings.example"]) == ["HIT"] * 4
        assert await after("hard", hosts=[APP]) == ["MISS"] * 4
        assert await after("hard", everything=True) == ["MISS"] * 4
        portal.home.body = "two"
        asked = len(portal.home.asked)
        assert await after("soft", tags=["wedding:como"]) == ["UPDATING"] * 4
        await portal.stage.settled(lambda: len(portal.home.asked) == asked + 4)
        async with asyncio.timeout(60):
            while (await portal.get("/a")).text != "home:two":  # noqa: ASYNC110 - a POP signals nothing
                await asyncio.sleep(0.01)

    played(tmp_path, scene)


def test_a_soft_purge_without_stale_directives_asks_the_origin(tmp_path: Path) -> None:
    """Where nothing allows stale copies a softly purged page is fetched anew, or confirmed by its validator."""

    async def scene(portal: Portal) -> None:
        portal.home.headers = {"Cache-Control": "max-age=600", "ETag": '"1"'}
        declared = cloudflare(request=[cached()])
        await portal.declare(**declared)
        await portal.get("/a")
        await portal.declare(**declared, purges=[{"zone_id": "z1", "kind": "soft", "everything": True}])
        assert await portal.seen("/a", "/a") == ["REVALIDATED", "HIT"]

    played(tmp_path, scene)


def test_cache_keys(tmp_path: Path) -> None:
    """Query strings split the cache unless a rule or the zone's cache level says otherwise; headers only by rule."""

    async def scene(portal: Portal) -> None:
        async def splits(query: str, headers: dict[str, str] | None = None) -> bool:
            path = f"/{portal.stage.api.acked}/{query}"
            await portal.get(f"{path}?b=2&a=1")
            return (await portal.get(f"{path}?{query}", headers=headers)).cf == "MISS"

        def keyed(**custom: Any) -> dict[str, Any]:
            return cloudflare(request=[cached(cache_key={"custom_key": custom})])

        await portal.declare(**cloudflare(request=[cached()]))
        assert [await splits("b=2&a=1&c"), await splits("a=1&b=2")] == [True, True]
        await portal.declare(**cloudflare(request=[cached(cache_key={"ignore_query_strings_order": True})]))
        assert [await splits("b=2&a=1&c"), await splits("a=1&b=2")] == [True, False]
        await portal.declare(**keyed(query_string={"include": {"list": ["a"]}}))
        assert [await splits("b=3&a=1"), await splits("a=2")] == [False, True]
        await portal.declare(**keyed(query_string={"exclude": {"all": True}}))
        assert await splits("z") is False
        await portal.declare(**cloudflare(request=[cached()], settings={"cache_level": "simplified"}))
        assert await splits("z") is False
        await portal.declare(**keyed(header={"include": ["Accept-Language"]}))
        assert await splits("b=2&a=1", {"Accept-Language": "it"}) is True

    played(tmp_path, scene)


def test_browser_ttl_and_header_rules(tmp_path: Path) -> None:
    """The browser TTL changes the viewer's copy only; header rules set, add and remove, but never cf- headers."""

    async def scene(portal: Portal) -> None:
        portal.home.headers = {"Cache-Control": "max-age=60", "X-Old": "o"}
        headers = {
            "X-New": {"operation": "set", "expression": 'concat("for ", http.host)'},
            "X-Old": {"operation": "remove"},
            "cf-ray": {"operation": "set", "value": "forged"},
        }
        transform = rule("rewrite", {"headers": headers})
        browser = {"mode": "override_origin", "default": 5}
        await portal.declare(**cloudflare(request=[cached(browser_ttl=browser)], transform=[transform]))
        seen = await portal.get("/a")
        assert (seen.headers["cache-control"], seen.headers["x-new"]) == ("max-age=5", f"for {APP}")
        assert ("x-old" in seen.headers, seen.headers["cf-ray"] == "forged") == (False, False)
        portal.clock.advance(30)
        assert await portal.seen("/a") == ["HIT"]
        await portal.declare(**cloudflare(request=[cached()], settings={"browser_cache_ttl": 14400}))
        assert (await portal.get("/b")).headers["cache-control"] == "max-age=14400"

    played(tmp_path, scene)
