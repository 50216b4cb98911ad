"""The edge function at a POP over real sockets: published code and stored pairs act, and nothing else does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.sandbox.pop.declared import cloudfront, items
from tests.sandbox.pop.world import STANDBY, World, played_at

played = played_at("cloudfront", "FRA56-P1")

ARN, STORE = "arn:aws:cloudfront::1:function/edge", "arn:aws:cloudfront::1:key-value-store/1"
CODE = """import cf from 'cloudfront';
const store = cf.kvs();

async function read(key) {
    try { return await store.get(key); } catch (error) { return null; }
}

async function handler(event) {
    const request = event.request, now = Date.now() / 1000, host = request.headers.host.value;
    const windows = JSON.parse(await read('freeze:' + host) || '[]');
    for (let i = 0; i < windows.length; i++) {
        if (windows[i][0] <= now && now < windows[i][1]) {
            if (request.uri.indexOf('/_ops/') === 0) {
                const left = String(Math.ceil(windows[i][1] - now));
                return { statusCode: 423, statusDescription: 'Locked', headers: { 'retry-after': { value: left } } };
            }
            request.headers['x-wedcache-freeze'] = { value: windows[i][2] };
        }
    }
    const route = await read('route');
    if (route) { cf.updateRequestOrigin({ domainName: route, hostHeader: host }); }
    return request;
}
"""
FORWARD = {
    "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": items("Host", "X-Wedcache-Freeze")},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "all"},
}


def declared(pairs: dict[str, str], code: str = CODE) -> dict[str, Any]:
    """A distribution whose default behaviour runs the function."""
    association = items({"FunctionARN": ARN, "EventType": "viewer-request"})
    changes = {"FunctionAssociations": association, "OriginRequestPolicyId": "forward"}
    return {
        **cloudfront(behaviour=changes),
        "origin_request_policies": {"forward": FORWARD},
        "functions": {ARN: {"code": code, "runtime": "cloudfront-js-2.0", "kvs": [STORE]}},
        "kvs": {STORE: pairs},
    }


def test_a_freeze_begins_and_ends_by_the_calendar(tmp_path: Path) -> None:
    """With the pairs pushed ahead, operator paths are locked and the header is sent inside the window only."""

    async def scene(stage: World) -> None:
        start = int(stage.clock.time()) + 1000
        await stage.api.declare(**declared({"freeze:como.weddings.example": f'[[{start},{start + 600},"venue:como"]]'}))

        async def seen(path: str) -> tuple[int, str | None]:
            status = (await stage.get(path)).status
            return status, stage.home.asked[-1].headers.get("X-Wedcache-Freeze")

        assert await seen("/_ops/before") == (200, None)
        stage.clock.advance(1010)
        locked = await stage.get("/_ops/within")
        assert (locked.status, locked.x_cache) == (423, "FunctionGeneratedResponse")
        assert 0 < int(locked.headers["retry-after"]) <= 600
        assert await seen("/within") == (200, "venue:como")
        assert stage.log()[-2]["function"] == "response:423"
        stage.clock.advance(600)
        assert await seen("/_ops/after") == (200, None)

    played(tmp_path, scene)


def test_the_route_key_moves_the_origin(tmp_path: Path) -> None:
    """Writing the `route` key sends misses to the other origin; hits stay; deleting it brings them home."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**declared({}))
        assert (await stage.get("/a")).text == "home:one"
        await stage.api.declare(**declared({"route": STANDBY}))
        assert ((await stage.get("/a")).text, (await stage.get("/b")).text) == ("home:one", "standby:one")
        assert stage.standby.asked[-1].headers["Host"] == "como.weddings.example"
        await stage.api.declare(
            **declared({}, CODE.replace(", hostHeader: host", "")) | {"kvs": {STORE: {"route": STANDBY}}}
        )
        await stage.get("/c")
        assert stage.standby.asked[-1].headers["Host"] == STANDBY  # without hostHeader the new domain's own name
        await stage.api.declare(**declared({}))
        assert (await stage.get("/d")).text == "home:one"

    played(tmp_path, scene)


def test_functions_that_fail(tmp_path: Path) -> None:
    """A throwing function is a 503, a forbidden change a 502, one that does not compile a 503 told in the log."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**declared({}, "function handler(e) { throw new Error('boom'); }"))
        failed = await stage.get("/a")
        assert (failed.status, failed.x_cache) == (503, "FunctionExecutionError")
        await stage.api.declare(
            **declared({}, "function handler(e) { e.request.headers.host = {value: 'x'}; return e.request; }")
        )
        failed = await stage.get("/a")
        assert (failed.status, failed.x_cache) == (502, "FunctionValidationError")
        await stage.api.declare(**declared({}, "class A {}\nfunction handler(e) { return e.request; }"))
        assert (await stage.get("/a")).status == 503
        assert "class" in stage.log()[-1]["function"]
        assert stage.home.asked == []

    played(tmp_path, scene)


def test_a_snapshot_that_cannot_be_compiled_is_not_obeyed(tmp_path: Path) -> None:
    """A POP keeps to what it understood last and does not acknowledge what it could not take."""

    async def scene(stage: World) -> None:
        await stage.api.declare(**cloudfront())
        acked = stage.api.acked
        broken = asyncio.create_task(stage.api.declare(**{**cloudfront(), "cache_policies": {}}))
        await stage.settled(lambda: stage.api.snapshot["seq"] > acked)
        assert (await stage.get("/a")).status == 200
        broken.cancel()
        assert stage.api.acked == acked
        await stage.api.declare(**cloudfront())
        assert stage.api.acked > acked

    played(tmp_path, scene)
