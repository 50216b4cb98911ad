"""Monitors against a real origin that fails and heals."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from sandbox.certificates import ensure_authority, ensure_certificate, server_context
from sandbox.clock import OffsetClock
from sandbox.cloudflare.health import Probe, after, origin_flags, pool_healthy, pool_report
from sandbox.cloudflare.limits import PLANS
from sandbox.cloudflare.monitors import codes_expected
from sandbox.cloudflare.probes import Monitors
from sandbox.cloudflare.world import OriginHealth, World
from sandbox.run import Run, write_json

HOST = "eu-central-1.origin.weddings.example"
INTERVAL = 0.05


class Origin:
    """A tiny origin whose health page can fail, hang, or answer."""

    def __init__(self) -> None:
        self.status = 200
        self.hang = False
        self.seen: list[tuple[str, str, str]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.seen.append((request.path, request.headers["Host"], request.headers["User-Agent"]))
        if self.hang:
            await asyncio.sleep(30)
        return web.Response(status=self.status, text="all is Well")


@asynccontextmanager
async def serving(origin: Origin, context: ssl.SSLContext | None) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_get("/{path:.*}", origin.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


def _monitor(**more: Any) -> dict[str, Any]:
    start: dict[str, Any] = {
        "id": "m",
        "type": "https",
        "method": "GET",
        "path": "/health",
        "header": {},
        "port": 0,
        "timeout": 30,
        "retries": 0,
        "interval": INTERVAL,
        "consecutive_up": 0,
        "consecutive_down": 0,
        "expected_body": "",
        "expected_codes": "2xx",
        "allow_insecure": False,
    }
    return start | more


def _world(**monitor: Any) -> World:
    world = World(account={"id": "a"}, user_id="u", plan=PLANS["business"], new_id=str, new_secret=str)
    world.monitors["m"] = _monitor(**monitor)
    world.pools["p"] = {
        "id": "p",
        "name": "eu",
        "enabled": True,
        "monitor": "m",
        "minimum_origins": 1,
        "origins": [{"name": "eu", "address": HOST, "enabled": True, "port": 0, "header": {}}],
    }
    return world


async def _until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not come to pass in time"
        await asyncio.sleep(0.02)


def _healthy(world: World) -> bool | None:
    return world.health.get("p", {}).get("eu", OriginHealth()).healthy


Scene = Callable[[World, Origin, Monitors, Run], Awaitable[None]]


def _play(folder: Path, world: World, scene: Scene, *, certificate: str = HOST) -> None:
    run = Run(folder)
    ensure_authority(run)
    context = server_context(ensure_certificate(run, "origin", [certificate]))

    async def main() -> None:
        origin = Origin()
        secure = context if world.monitors["m"]["type"] == "https" else None
        async with serving(origin, secure) as port:
            write_json(run.hosts, {HOST: f"127.0.0.1:{port}"})
            monitors = Monitors(world, run, OffsetClock(run.clock))
            monitors.follow()
            try:
                await scene(world, origin, monitors, run)
            finally:
                await monitors.close()

    asyncio.run(main())


def test_an_origin_that_fails_and_heals_is_seen_both_times(tmp_path: Path) -> None:
    """Health follows the origin down and up over TLS; each turn is news for the POPs, each probe a line in the log."""

    async def scene(world: World, origin: Origin, monitors: Monitors, run: Run) -> None:
        await _until(lambda: _healthy(world) is True)
        seqs = [world.seq]
        origin.status = 503
        await _until(lambda: _healthy(world) is False)
        seqs.append(world.seq)
        assert pool_healthy(world.pools["p"], world.health["p"]) is False
        origin.status = 200
        await _until(lambda: _healthy(world) is True)
        seqs.append(world.seq)
        assert seqs == sorted(set(seqs))
        rows = [json.loads(line) for line in run.log("monitor").read_text().splitlines()]
        assert {row["ok"] for row in rows} == {True, False}
        assert {(row["pool"], row["origin"]) for row in rows} == {("eu", "eu")}
        assert {row["status"] for row in rows} == {200, 503}
        assert [row["monotonic"] for row in rows] == sorted(row["monotonic"] for row in rows)
        path, host, agent = origin.seen[0]
        assert (path, host) == ("/health", HOST)
        assert "Cloudflare-Traffic-Manager" in agent

    _play(tmp_path, _world(), scene)


def test_an_origin_that_hangs_times_out(tmp_path: Path) -> None:
    """A probe ends after the monitor's timeout and its retries, and the reason is told."""

    async def scene(world: World, origin: Origin, monitors: Monitors, run: Run) -> None:
        await _until(lambda: _healthy(world) is True)
        asked = len(origin.seen)
        origin.hang = True
        await _until(lambda: _healthy(world) is False)
        seen = world.health["p"]["eu"]
        assert (seen.reason, seen.code) == ("HTTP timeout occurred", None)
        assert len(origin.seen) - asked >= 2

    _play(tmp_path, _world(timeout=1, retries=1), scene)


def test_one_failure_is_not_three(tmp_path: Path) -> None:
    """With consecutive_down 3 the third failure in a row decides, not the first."""

    async def scene(world: World, origin: Origin, monitors: Monitors, run: Run) -> None:
        await _until(lambda: _healthy(world) is True)
        origin.status = 500
        await _until(lambda: _healthy(world) is False)
        rows = [json.loads(line) for line in run.log("monitor").read_text().splitlines()]
        flags = [row["healthy"] for row in rows if not row["ok"]]
        assert flags[:3] == [True, True, False]

    _play(tmp_path, _world(consecutive_down=3), scene)


@pytest.mark.parametrize(
    ("monitor", "certificate", "reason"),
    [
        ({}, "elsewhere.example", "TLS handshake failed"),
        ({"expected_body": "broken"}, HOST, "Response body mismatch error"),
        ({"expected_codes": "204"}, HOST, "Response code mismatch error"),
    ],
)
def test_wrong_answers_are_unhealthy(tmp_path: Path, monitor: dict[str, Any], certificate: str, reason: str) -> None:
    """A certificate of another name, a body without the text and another status each make the origin unhealthy."""

    async def scene(world: World, origin: Origin, monitors: Monitors, run: Run) -> None:
        await _until(lambda: _healthy(world) is False)
        assert reason in world.health["p"]["eu"].reason

    _play(tmp_path, _world(**monitor), scene, certificate=certificate)


@pytest.mark.parametrize("monitor", [{"type": "tcp"}, {"type": "http"}, {"expected_body": "ALL IS WELL"}])
def test_every_probed_type_passes(tmp_path: Path, monitor: dict[str, Any]) -> None:
    """tcp, http and https with a body probe a living origin as healthy."""

    async def scene(world: World, origin: Origin, monitors: Monitors, run: Run) -> None:
        await _until(lambda: _healthy(world) is True)

    _play(tmp_path, _world(**monitor), scene)


def test_probing_follows_what_is_declared(tmp_path: Path) -> None:
    """An unknown name fails to resolve; a pool without monitor is no longer probed and counts as healthy."""

    async def scene(world: World, origin: Origin, monitors: Monitors, run: Run) -> None:
        world.pools["p"]["origins"][0]["address"] = "nowhere.weddings.example"
        monitors.follow()
        await _until(lambda: _healthy(world) is False)
        assert world.health["p"]["eu"].reason == "DNS resolution failed"
        world.pools["p"]["monitor"] = ""
        monitors.follow()
        assert world.health["p"] == {}
        assert origin_flags(world.pools["p"], world.health["p"]) == {"eu": True}
        asked = len(origin.seen)
        await asyncio.sleep(INTERVAL * 6)
        assert len(origin.seen) == asked

    _play(tmp_path, _world(), scene)


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 4), st.integers(0, 4))
def test_health_turns_after_the_streak_and_never_before(results: list[bool], up: int, down: int) -> None:
    """After the first probe the state turns exactly when the last `up` passes or `down` failures in a row are there."""
    monitor = {"consecutive_up": up, "consecutive_down": down}
    health, expected = OriginHealth(), None
    for count, ok in enumerate(results, start=1):
        health = after(health, Probe(ok=ok, code=None, seconds=0.0), monitor)
        needed = max(1, up if ok else down)
        if expected is None or results[max(0, count - needed) : count] == [ok] * needed:
            expected = ok
        assert health.healthy is expected


def test_pool_report_has_the_vendors_form() -> None:
    """The health answer names a vantage point with origins by address; before a probe it is empty."""
    pool = _world().pools["p"]
    assert pool_report(pool, {}) == {}
    seen = after(OriginHealth(), Probe(ok=True, code=200, seconds=0.0123), _monitor())
    assert pool_report(pool, {"eu": seen}) == {
        "Frankfurt, DE": {
            "healthy": True,
            "origins": [
                {HOST: {"healthy": True, "failure_reason": "No failures", "response_code": 200, "rtt": "12.3ms"}}
            ],
        }
    }


def test_expected_codes() -> None:
    """A number, a class and several of them match what they say and nothing else; none means 200."""
    assert codes_expected("", 200)
    assert codes_expected("2xx", 204)
    assert codes_expected("200, 301", 301)
    assert not codes_expected("2xx", 301)
    assert not codes_expected("", 204)
