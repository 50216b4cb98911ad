"""Requests that came from a reader through the edge (RFC 8586): while they are answered, the edge is not read."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from controlplane.domain.http_caching import LOOP, is_looping
from controlplane.ports.edge_reader import answers_edge

_LOOP = LOOP.lower().encode()


class EdgeLoop:
    """ASGI middleware: `app.add_middleware(EdgeLoop)`. Without it a service could wait for itself at the edge."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mark the request's context, and pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = ",".join(value.decode("latin-1") for name, value in scope["headers"] if name == _LOOP)
        token = answers_edge.set(is_looping(said))
        try:
            await self._app(scope, receive, send)
        finally:
            answers_edge.reset(token)
