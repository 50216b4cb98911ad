"""The POP's sockets: HTTP/1.1 over TLS with SNI, keep-alive, and plain HTTP where a port is given for it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from sandbox.faults import Faults
from sandbox.pop.access_log import AccessLog
from sandbox.pop.messages import Headers, Request, Response
from sandbox.pop.viewer import Served

BODY_LIMIT = 20 * 1024 * 1024
LOOK_SECONDS = 0.1
RECEIVED_BY_SERVER = frozenset({"content-length", "transfer-encoding", "connection"})


class Edge(Protocol):
    """What serves requests: a CloudFront or a Cloudflare edge."""

    async def handle(self, request: Request) -> Served:
        """The viewer's answer. Never raises for what an origin or a function does."""


class Downtime:
    """Whether the POP is down: it takes connections and never answers. A stopped process looks the same."""

    def __init__(self, faults: Faults, code: str) -> None:
        self._faults = faults
        self._code = code

    async def over(self) -> None:
        """Wait for as long as the fault is active; returns at once where it is not."""
        while self._faults.active("pop-down", self._code):  # noqa: ASYNC110  (a file says so)
            await asyncio.sleep(LOOK_SECONDS)


class Wire:
    """Turns sockets into `Request`s for an edge and its answers back."""

    def __init__(self, edge: Edge, log: AccessLog, downtime: Downtime) -> None:
        self._edge = edge
        self._log = log
        self._downtime = downtime

    def server(self) -> web.Server:
        """The protocol factory for `loop.create_server`."""
        return web.Server(self._serve, request_factory=_incoming, access_log=None, keepalive_timeout=75)

    async def _serve(self, incoming: web.BaseRequest) -> web.StreamResponse:
        began = time.monotonic()
        await self._downtime.over()
        body = await incoming.read() if incoming.can_read_body else b""
        request = received(incoming, body)
        served = await self._edge.handle(request)
        self._log.record(request, served, began)
        return sent(request, served.response)


def _incoming(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=BODY_LIMIT)


def received(incoming: web.BaseRequest, body: bytes) -> Request:
    """The request as it came: raw path and query, host without its port, in lower case."""
    path, _, query = incoming.raw_path.partition("?")
    if not path.startswith("/"):  # an absolute form, http://host/path
        path = "/" + path.partition("://")[2].partition("/")[2]
    host = (incoming.headers.get("Host") or "").rpartition("@")[2].partition(":")[0].lower()
    transport = incoming.transport
    secure = transport is not None and transport.get_extra_info("ssl_object") is not None
    return Request(
        method=incoming.method,
        host=host,
        path=path,
        query=query,
        headers=Headers.of((name, value) for name, value in incoming.headers.items()),
        body=body,
        secure=secure,
    )


def sent(request: Request, response: Response) -> web.Response:
    """The answer on the wire; a HEAD keeps the length and leaves out the body."""
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in response.headers:
        if name not in RECEIVED_BY_SERVER:
            headers.add(name, value)
    answer = web.Response(status=response.status, headers=headers, body=response.body)
    if request.method == "HEAD" and not response.body and "content-length" in response.headers:
        answer.headers["Content-Length"] = response.headers.get("content-length") or "0"
    return answer
