"""A service of the platform as a process, behind a POP: FastAPI, the HTTP helper, and a cache that reads the edge.

`python -m tests.cache.edge_service RUN REDIS SCOPE PREFIX POP NAME` prints `ready PORT`. `/pages/{key}` is
public and at the edge under the same path: a request at a cold service goes through the POP back to the service itself.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message
from yarl import URL

from controlplane.adapters.fastapi import EdgeLoop, HttpAnswers
from controlplane.adapters.http.edge_reader import HttpEdgeReader
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load, Settings
from controlplane.domain.tier import Tier
from sandbox import certificates
from sandbox.run import Run

# A busy machine is neither blind nor gone.
PATIENT = Settings(blind_after=20.0, start_timeout=30.0, drain_timeout=30.0)
TAG, LEARNED = "wedding:como", "vendor:florist-7"


class Pages:
    """The service's source, and what was asked of it."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.loads: list[str] = []
        self.asked: list[dict[str, str]] = []

    async def load(self, context: Load) -> dict[str, Any]:
        """One page, once the gate is open; it learns a tag."""
        self.loads.append(context.key)
        context.tags.append(LEARNED)
        await self.gate.wait()
        return {"page": context.key, "load": self.loads.count(context.key)}


def service(cache: Cache, pages: Pages) -> FastAPI:
    """The application."""
    app, answers = FastAPI(), HttpAnswers(cache, browser=30)
    app.add_middleware(EdgeLoop)

    @app.get("/pages/{key}")
    async def page(key: str, request: Request) -> Response:
        said = {name: ", ".join(request.headers.getlist(name)) for name in request.headers}
        pages.asked.append({"key": key, **said})
        read = await cache.read(key, pages.load, tier=Tier.HIGH, tags=[TAG], public=True)
        return answers.respond(request, read, public=True, key=key)

    @app.put("/gate/{state}")
    async def gate(state: str) -> None:
        if state == "open":
            pages.gate.set()
        else:
            pages.gate.clear()

    @app.get("/witness")
    async def witness() -> dict[str, Any]:
        return {
            "loads": pages.loads,
            "asked": pages.asked,
            "edge_hits": cache.stats.edge_hits,
            "edge_loops": cache.stats.edge_loops,
            "edge_failures": cache.stats.edge_failures,
        }

    return app


def bridged(app: ASGIApp) -> web.Application:
    """An ASGI application on aiohttp's server, one whole answer a request."""

    async def answer(request: web.Request) -> web.Response:
        said: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b""}

        async def send(message: Message) -> None:
            said.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "https",
            "path": request.path,
            "raw_path": request.raw_path.encode(),
            "query_string": request.query_string.encode(),
            "headers": [(name.lower(), value) for name, value in request.raw_headers],
        }
        await app(scope, receive, send)
        begun, *rest = said
        told = web.Response(status=begun["status"], body=b"".join(part.get("body", b"") for part in rest))
        for name, value in begun["headers"]:
            if name != b"content-length":
                told.headers[name.decode()] = value.decode()
        return told

    outer = web.Application()
    outer.router.add_route("*", "/{path:.*}", answer)
    return outer


async def main(folder: str, url: str, scope: str, prefix: str, pop: str, name: str) -> None:
    """Serve until SIGTERM, under a certificate for `name`; the edge has `/pages/KEY` at `prefix`, and is at `pop`."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    run, host = Run(Path(folder)), str(URL(prefix).host)
    # A time limit that no test would sit out: who waits for himself is seen.
    edge = HttpEdgeReader(
        lambda key: f"{prefix}{key}", hosts=[host], timeout=30.0, ca=str(run.ca), connect={host: f"127.0.0.1:{pop}"}
    )
    redis, log = RedisTier(url, scope=scope), RedisPurgeLog(url, scope=scope, timeout=5.0)
    async with Cache(PATIENT, second=redis, log=log, clock=SystemClock(), edge=edge) as cache:
        runner = web.AppRunner(bridged(service(cache, Pages())), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        tls = certificates.server_context(certificates.ensure_certificate(run, f"service-{name}", [name]))
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        print(f"ready {runner.addresses[0][1]}", flush=True)
        await ended.wait()
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
