"""What POPs ask for, on the wire: the snapshot as soon as it is newer than theirs, and their acknowledgements."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from sandbox.clock import OffsetClock
from sandbox.cloudflare import edge
from sandbox.cloudflare.asks import instant
from sandbox.cloudflare.world import World

LONGEST_WAIT_SECONDS = 60.0


class EdgeFeed:
    """Serves `/_sandbox/edge` (long poll), `/_sandbox/edge/ack` and `/_sandbox/edge/acks`."""

    def __init__(self, world: World, clock: OffsetClock, monotonic: Callable[[], float]) -> None:
        self._world = world
        self._clock = clock
        self._monotonic = monotonic
        self._changed = asyncio.Event()
        self._closing = False

    def add_to(self, app: web.Application) -> None:
        """Add the routes to the application."""
        app.on_shutdown.append(self.close)
        app.router.add_get("/_sandbox/edge", self._edge)
        app.router.add_post("/_sandbox/edge/ack", self._acknowledge)
        app.router.add_get("/_sandbox/edge/acks", self._acks)

    async def close(self, app: web.Application) -> None:
        """Answer every POP that waits with 204, because the emulator ends."""
        self._closing = True
        self.announce()

    def announce(self) -> None:
        """Wake every POP that waits."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def _edge(self, request: web.Request) -> web.Response:
        try:
            after = int(request.query.get("after", "0"))
            wait = min(float(request.query.get("wait", "0")), LONGEST_WAIT_SECONDS)
        except ValueError:
            raise web.HTTPBadRequest(text="after is a seq, wait is in seconds") from None
        ends = self._monotonic() + wait
        while self._world.seq <= after:
            left = ends - self._monotonic()
            if left <= 0 or self._closing:
                return web.Response(status=204)
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return web.Response(status=204)
        return web.json_response(edge.snapshot(self._world, after, instant(self._clock.now())))

    async def _acknowledge(self, request: web.Request) -> web.Response:
        body = await request.json()
        edge.acknowledge(self._world, str(body["pop"]), int(body["seq"]))
        return web.Response(status=204)

    async def _acks(self, request: web.Request) -> web.Response:
        return web.json_response({"seq": self._world.seq, "acks": self._world.acks})
