"""POPs put together: storage, origins, edge, follower and sockets, for as long as a context lasts.

One process serves any number of POPs of one CDN: what was declared comes once, everything else is each POP's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox import certificates
from sandbox.clock import OffsetClock
from sandbox.faults import Faults
from sandbox.pop.access_log import AccessLog
from sandbox.pop.cloudflare import CloudflareEdge
from sandbox.pop.cloudfront import CloudFrontEdge
from sandbox.pop.entries import Entries
from sandbox.pop.flow import Flow
from sandbox.pop.origin import OriginClient
from sandbox.pop.snapshot import Follower, base_url, deaf_to
from sandbox.pop.wire import Downtime, Edge, Wire
from sandbox.run import Run

API_ENDPOINT = {"cloudfront": "aws", "cloudflare": "cloudflare"}


@dataclass(frozen=True)
class Settings:
    """What the command line says: one CDN's POPs, all in this process.

    `port` 0 means free ones; `http_port` None means no plain HTTP; `ignored` names knobs that these POPs are deaf to.
    """

    run: Run
    codes: tuple[str, ...]
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
    """Where one POP serves on 127.0.0.1."""

    tls: int
    http: int | None


@dataclass(frozen=True)
class Serving:
    """All POPs of the process by code; `follower` tells which snapshot they obey."""

    pops: Mapping[str, Ports]
    follower: Follower


class AppliedEdge(Edge, Protocol):
    """An edge that follows snapshots."""

    def apply(self, snapshot: dict[str, Any]) -> None:
        """Obey a snapshot from now on, and carry out its purges. Raises where it cannot be compiled."""


class Pop:
    """One POP: its storage, its connections to origins, its edge and its access log."""

    def __init__(self, settings: Settings, code: str, clock: OffsetClock) -> None:
        self.code = code
        self._flow = Flow(Entries(), clock.time)
        self._origins = OriginClient(settings.run, code)
        kind = CloudFrontEdge if settings.cdn == "cloudfront" else CloudflareEdge
        self.edge: AppliedEdge = kind(code, self._flow, self._origins, clock.time)
        self._log = AccessLog(settings.run.log(f"pop-{code}"), code, clock.time)
        self._server = Wire(self.edge, self._log, Downtime(Faults(settings.run.faults), code)).server()
        self._listening: list[asyncio.Server] = []

    async def listen(self, settings: Settings, context: ssl.SSLContext) -> Ports:
        """Open its ports."""
        loop = asyncio.get_running_loop()
        doors = [(settings.port, context), *([(settings.http_port, None)] if settings.http_port is not None else [])]
        for port, secured in doors:
            server = await loop.create_server(self._server, "127.0.0.1", port, ssl=secured, backlog=1024)
            self._listening.append(server)
        ports = [int(server.sockets[0].getsockname()[1]) for server in self._listening]
        return Ports(ports[0], ports[1] if len(ports) > 1 else None)

    async def close(self) -> None:
        """Close sockets, connections and tasks."""
        for server in self._listening:
            server.close()
        await self._server.shutdown(0.2)
        await self._flow.close()
        await self._origins.close()
        self._log.close()


@contextlib.asynccontextmanager
async def serve(settings: Settings) -> AsyncIterator[Serving]:
    """Serve until the context ends."""
    run, clock = settings.run, OffsetClock(settings.run.clock)
    certificate = certificates.ensure_certificate(run, "edge", certificates.EDGE_HOSTS)
    pops = [Pop(settings, code, clock) for code in settings.codes]

    def obey(snapshot: dict[str, Any]) -> None:
        for pop in pops:
            pop.edge.apply(deaf_to(snapshot, settings.ignored))

    follower = Follower(settings.codes, settings.locate, obey)
    following = None
    try:
        context = certificates.server_context(certificate)
        ports = {pop.code: await pop.listen(settings, context) for pop in pops}
        following = asyncio.create_task(follower.run())
        yield Serving(ports, follower)
    finally:
        if following is not None:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        await asyncio.gather(*(pop.close() for pop in pops))
