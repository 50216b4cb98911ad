"""One POP put together: storage, origins, edge, follower and sockets, for as long as a context lasts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox import certificates
from sandbox.clock import OffsetClock
from sandbox.pop.access_log import AccessLog
from sandbox.pop.cloudflare import CloudflareEdge
from sandbox.pop.cloudfront import CloudFrontEdge
from sandbox.pop.entries import Entries
from sandbox.pop.flow import Flow
from sandbox.pop.origin import OriginClient
from sandbox.pop.snapshot import Follower, base_url, deaf_to
from sandbox.pop.wire import Edge, Wire
from sandbox.run import Run

API_ENDPOINT = {"cloudfront": "aws", "cloudflare": "cloudflare"}


@dataclass(frozen=True)
class Settings:
    """What the command line says.

    `port` 0 means a free one; `http_port` None means no plain HTTP; `ignored` names knobs that this POP is deaf to.
    """

    run: Run
    code: str
    cdn: str
    port: int = 0
    http_port: int | None = None
    api: str | None = None
    ignored: frozenset[str] = frozenset()

    def locate(self) -> str:
        """The vendor emulator's base URL. Raises KeyError while it is not registered."""
        return base_url(self.api or self.run.endpoint(API_ENDPOINT[self.cdn]))


@dataclass(frozen=True)
class Ports:
    """Where the POP serves on 127.0.0.1; `follower` tells which snapshot it obeys."""

    tls: int
    http: int | None
    follower: Follower


class AppliedEdge(Edge, Protocol):
    """An edge that follows snapshots."""

    def apply(self, snapshot: dict[str, Any]) -> None:
        """Obey a snapshot from now on, and carry out its purges. Raises where it cannot be compiled."""


def edge_for(settings: Settings, flow: Flow, origins: OriginClient, clock: Callable[[], float]) -> AppliedEdge:
    """The vendor's edge."""
    kind = CloudFrontEdge if settings.cdn == "cloudfront" else CloudflareEdge
    return kind(settings.code, flow, origins, clock)


@contextlib.asynccontextmanager
async def serve(settings: Settings) -> AsyncIterator[Ports]:
    """Serve until the context ends, then close sockets, connections and tasks."""
    run, clock = settings.run, OffsetClock(settings.run.clock)
    certificate = certificates.ensure_certificate(run, "edge", certificates.EDGE_HOSTS)
    flow = Flow(Entries(), clock.time)
    origins = OriginClient(run, settings.code)
    edge = edge_for(settings, flow, origins, clock.time)
    log = AccessLog(run.log(f"pop-{settings.code}"), settings.code, clock.time)
    follower = Follower(
        settings.code, settings.locate, lambda snapshot: edge.apply(deaf_to(snapshot, settings.ignored))
    )
    server = Wire(edge, log).server()
    loop = asyncio.get_running_loop()
    context = certificates.server_context(certificate)
    listening = [await loop.create_server(server, "127.0.0.1", settings.port, ssl=context, backlog=1024)]
    if settings.http_port is not None:
        listening.append(await loop.create_server(server, "127.0.0.1", settings.http_port, backlog=1024))
    following = asyncio.create_task(follower.run())
    try:
        ports = [sockets.sockets[0].getsockname()[1] for sockets in listening]
        yield Ports(ports[0], ports[1] if len(ports) > 1 else None, follower)
    finally:
        following.cancel()
        for sockets in listening:
            sockets.close()
        await server.shutdown(0.2)
        await asyncio.gather(following, return_exceptions=True)
        await flow.close()
        await origins.close()
        log.close()
