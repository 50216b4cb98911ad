"""Requests that came through the edge: while they are answered, the edge is not read, which waits for the answer."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from controlplane.domain.http_caching import LOOP, is_from_edge
from controlplane.ports.edge_reader import answers_edge

_LOOP, _VIA = LOOP.lower().encode(), b"via"


class EdgeLoop:
    """ASGI middleware: `app.add_middleware(EdgeLoop)`. Without it a service could wait for itself at the edge."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mark the request's context, and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop, via = (
            ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == wanted)
            for wanted in (_LOOP, _VIA)
        )
        token = answers_edge.set(is_from_edge(loop, via))
        try:
            await self._app(scope, receive, send)
        finally:
            answers_edge.reset(token)
