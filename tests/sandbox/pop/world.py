"""A small world for wire tests: a vendor emulator that speaks the snapshot contract, an origin, and a POP, all real."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from sandbox import certificates
from sandbox.clock import OffsetClock
from sandbox.pop.process import Ports, Settings, serve
from sandbox.probe import endpoint
from sandbox.run import Run, write_json

HOME = "eu-central-1.origin.weddings.example"
STANDBY = "us-east-1.origin.weddings.example"


class Api:
    """The internal endpoint of a vendor emulator: hands out one snapshot, counts acknowledgements."""

    def __init__(self) -> None:
        self.snapshot: dict[str, Any] = {"seq": 0}
        self.acked = 0
        self._changed = asyncio.Condition()

    async def declare(self, **changes: Any) -> None:
        """Change what is declared and wait until the POP has acknowledged it."""
        async with self._changed:
            seq = self.snapshot["seq"] + 1
            for name in ("invalidations", "purges"):
                for order in changes.get(name, []):
                    order["seq"] = seq
            self.snapshot = {**self.snapshot, "invalidations": [], "purges": [], **changes, "seq": seq}
            self._changed.notify_all()
            async with asyncio.timeout(60):
                await self._changed.wait_for(lambda: self.acked >= seq)

    async def edge(self, request: web.Request) -> web.Response:
        after, wait = int(request.query["after"]), float(request.query["wait"])
        async with self._changed:
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait_for(lambda: self.snapshot["seq"] > after)
            except TimeoutError:
                return web.Response(status=204)
            return web.json_response(self.snapshot)

    async def ack(self, request: web.Request) -> web.Response:
        async with self._changed:
            self.acked = int((await request.json())["seq"])
            self._changed.notify_all()
        return web.json_response({})


@dataclass
class OriginServer:
    """A tiny origin: answers what a test sets, and remembers what it was asked."""

    name: str
    status: int = 200
    body: str = "one"
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "max-age=60"})
    delay: float = 0.0
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        await request.read()
        await asyncio.sleep(self.delay)
        etag = self.headers.get("ETag")
        if etag is not None and request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=self.headers)
        return web.Response(status=self.status, text=f"{self.name}:{self.body}", headers=self.headers)


@dataclass(frozen=True)
class Answer:
    """A guest's answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def x_cache(self) -> str:
        return self.headers.get("x-cache", "").removesuffix(" from cloudfront")

    @property
    def cf(self) -> str:
        return self.headers.get("cf-cache-status", "")


@dataclass
class World:
    """Everything of one test."""

    run: Run
    api: Api
    home: OriginServer
    standby: OriginServer
    clock: OffsetClock
    ports: Ports
    session: aiohttp.ClientSession
    code: str

    async def get(
        self,
        path: str = "/",
        host: str = "como.weddings.example",
        method: str = "GET",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask the POP as a guest."""
        sent = headers or {}
        url = f"https://127.0.0.1:{self.ports.tls}{path}"
        async with self.session.request(
            method,
            url,
            headers={"Host": host, **sent},
            data=body,
            server_hostname="como.weddings.example",
            allow_redirects=False,
        ) as answer:
            rows = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, rows, await answer.text())

    async def settled(self, done: Callable[[], bool]) -> None:
        """Wait until background work shows; at most 60 seconds."""
        async with asyncio.timeout(60):
            while not done():  # noqa: ASYNC110 - the POP is observed from outside, it signals nothing
                await asyncio.sleep(0.005)

    def log(self) -> list[dict[str, Any]]:
        """The POP's access log so far."""
        return [json.loads(line) for line in self.run.log(f"pop-{self.code}").read_text().splitlines()]


@contextlib.asynccontextmanager
async def listening(handler: Callable[[web.Request], Any], context: Any = None) -> AsyncIterator[int]:
    """Serve one handler on a free port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def world(
    folder: Path, cdn: str, code: str, http: bool = False, ignored: frozenset[str] = frozenset()
) -> AsyncIterator[World]:
    """A run folder, an emulator, two origins in two regions and one POP."""
    run = Run(folder)
    certificate = certificates.ensure_certificate(run, "origins", [HOME, STANDBY])
    context = certificates.server_context(certificate)
    api, home, standby = Api(), OriginServer("home"), OriginServer("standby")

    async def route(request: web.Request) -> web.Response:
        return await (api.ack(request) if request.method == "POST" else api.edge(request))

    async with contextlib.AsyncExitStack() as stack:
        api_port = await stack.enter_async_context(listening(route))
        home_port = await stack.enter_async_context(listening(home.answer, context))
        standby_port = await stack.enter_async_context(listening(standby.answer, context))
        write_json(run.hosts, {HOME: f"127.0.0.1:{home_port}", STANDBY: f"127.0.0.1:{standby_port}"})
        name = "aws" if cdn == "cloudfront" else "cloudflare"
        settings = Settings(run, (code,), cdn, http_port=0 if http else None, ignored=ignored)
        serving = await stack.enter_async_context(serve(settings))
        ports = serving.pops[code]
        endpoints = {name: f"127.0.0.1:{api_port}", f"pop-{code}": f"127.0.0.1:{ports.tls}"}
        if ports.http is not None:
            endpoints[f"pop-{code}-http"] = f"127.0.0.1:{ports.http}"
        write_json(run.registry, {"endpoints": endpoints})
        assert endpoint(code, run)[1][1] == ports.tls
        connector = aiohttp.TCPConnector(ssl=certificates.client_context(run))
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        yield World(run, api, home, standby, OffsetClock(run.clock), ports, session, code)


def played_at(cdn: str, code: str) -> Callable[..., None]:
    """A function that plays one scene at a POP of this kind: `played(folder, scene, http=False)`."""

    def played(folder: Path, scene: Callable[[World], Awaitable[None]], http: bool = False) -> None:
        async def play() -> None:
            async with world(folder, cdn, code, http) as stage:
                await scene(stage)

        asyncio.run(play())

    return played
