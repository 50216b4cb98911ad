"""Two scratch origins behind both CDNs: each answer carries a number, so that a kept copy shows."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web

from sandbox import certificates
from sandbox.rehearsal.knobs.row import Sends
from sandbox.run import Run, edit_json

FIRST, SECOND, DEAD = (f"{name}.witness.example" for name in ("first", "second", "dead"))
UNWELL = "/unwell"
"""The health path on which both origins answer 503."""

ECHOED = "x-probe-"
START_SECONDS = 10.0
Handler = Callable[[web.BaseRequest], Awaitable[web.Response]]


@contextmanager
def witnesses(run: Run, sends: Mapping[str, Sends]) -> Iterator[None]:
    """Serve both origins over TLS for as long as the context lasts, known to the sandbox's DNS for as long.

    `sends`: slug -> what to answer on paths with that part. The name `DEAD` leads to a port that refuses connections.
    """
    certificate = certificates.ensure_certificate(run, "witness", [FIRST, SECOND, DEAD])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="witness", daemon=True)
    thread.start()
    with socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))  # never listens: whoever connects is refused
        runners: list[web.ServerRunner] = []
        try:
            addresses = {DEAD: f"127.0.0.1:{refusing.getsockname()[1]}"}
            for name in (FIRST, SECOND):
                serving = asyncio.run_coroutine_threadsafe(_serve(answering(name, sends), certificate), loop)
                runners.append(serving.result(START_SECONDS))
                addresses[name] = f"127.0.0.1:{runners[-1].addresses[0][1]}"
            with edit_json(run.hosts) as hosts:
                hosts.update(addresses)
            yield
        finally:
            with edit_json(run.hosts) as hosts:
                for name in (FIRST, SECOND, DEAD):
                    hosts.pop(name, None)
            for runner in runners:
                asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(START_SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(START_SECONDS)
            loop.close()


def answering(name: str, sends: Mapping[str, Sends]) -> Handler:
    """The origin called `name`: the body is a number that never comes twice, `x-witness` says who answered.

    Request headers `x-probe-<word>` come back as `x-witness-<word>`, the path as `x-witness-path`.
    """
    numbers = itertools.count(1)
    word = name.partition(".")[0]

    async def answer(request: web.BaseRequest) -> web.Response:
        await request.read()
        if request.path == UNWELL:
            return web.Response(status=503, text="unwell")
        parts = request.path.strip("/").split("/")
        told = next((sends[part] for part in parts if part in sends), Sends())
        headers = {key: value.format(leaf=parts[-1]) for key, value in told.headers.items()}
        headers |= {"X-Witness": word, "X-Witness-Path": parts[0]}
        for key, value in request.headers.items():
            if key.lower().startswith(ECHOED):
                headers[f"X-Witness-{key[len(ECHOED) :]}"] = value
        return web.Response(
            status=told.status if name == FIRST else 200, text=f"{word} {next(numbers)}", headers=headers
        )

    return answer


async def _serve(handler: Handler, certificate: Path) -> web.ServerRunner:
    runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificates.server_context(certificate)).start()
    return runner
