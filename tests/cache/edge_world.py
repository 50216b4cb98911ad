"""An edge of processes for tests: a service and a POP of the sandbox in front of it, without the whole cloud."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from controlplane.adapters.http.edge_reader import HttpEdgeReader
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache
from infra.components.edge_rules import cache_rules
from sandbox import certificates, processes, valkey
from sandbox.run import Run, write_json
from tests.cache.edge_service import PATIENT
from tests.sandbox.pop.declared import cache_policy, cloudflare, cloudfront, items
from tests.sandbox.pop.world import HOME, Api, listening

POPS = {"cloudflare": ("FRA", "app.weddings.example"), "cloudfront": ("FRA56-P1", "como.weddings.example")}
FORWARDED = {
    "CookiesConfig": {"CookieBehavior": "none"},
    "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": items("Host")},
    "QueryStringsConfig": {"QueryStringBehavior": "all"},
}


class WanderingClock(SystemClock):
    """The machine's clock, ahead by what a test lets pass."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class _Here(AbstractResolver):
    """Every name is a POP's on this machine."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        family, flags = socket.AF_INET, socket.AI_NUMERICHOST
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=flags)]

    async def close(self) -> None:
        return


class Edge:
    """One vendor's POP in front of the service; `near` makes caches of other regions that read through it."""

    def __init__(self, vendor: str, run: Run, server: valkey.Server) -> None:
        self.vendor, self.run, self.server = vendor, run, server
        self.code, self.host = POPS[vendor]
        self.port = 0

    @property
    def prefix(self) -> str:
        """Where the edge has the service's pages."""
        return f"https://{self.host}/pages/"

    def reader(self, prefix: str = "", timeout: float = 30.0) -> HttpEdgeReader:
        """A reader whose every key is a page at this POP."""
        return HttpEdgeReader(
            lambda key: (prefix or self.prefix) + key,
            hosts=[self.host],
            timeout=timeout,
            ca=str(self.run.ca),
            connect={self.host: f"127.0.0.1:{self.port}"},
        )

    def visitor(self) -> aiohttp.ClientSession:
        """Somebody who asks the POP under the host's name and is no reader of ours."""
        connector = aiohttp.TCPConnector(ssl=certificates.client_context(self.run), resolver=_Here(self.port))
        return aiohttp.ClientSession(connector=connector)

    def near(self, scope: str, *, clock: SystemClock | None = None, timeout: float = 30.0, prefix: str = "") -> Cache:
        """One process's cache of the region `scope`."""
        url = self.server.url
        return Cache(
            PATIENT,
            second=RedisTier(url, scope=scope, read_timeout=5.0, write_timeout=5.0),
            log=RedisPurgeLog(url, scope=scope, timeout=5.0),
            clock=clock or SystemClock(),
            edge=self.reader(prefix, timeout),
        )

    def seen(self, key: str) -> list[str]:
        """What the POP's cache did with each request for a page so far, in order."""
        log = self.run.log(f"pop-{self.code}")
        rows = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [row["cache"] for row in rows if row["path"].rpartition("/")[2] == key]

    async def ask(self, method: str, path: str, **headers: str) -> tuple[dict[str, str], Any]:
        """A request to the service itself, past the POP: headers in lower case, the JSON body."""
        port = self.run.endpoint(f"service-{self.vendor}").rpartition(":")[2]
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method,
                f"https://127.0.0.1:{port}{path}",
                headers={"Host": self.host, **headers},
                ssl=certificates.client_context(self.run),
                server_hostname=HOME,
            ) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return {name.lower(): text for name, text in answer.headers.items()}, await answer.json()

    async def witness(self) -> dict[str, Any]:
        """What the service counted."""
        _, said = await self.ask("GET", "/witness")
        assert isinstance(said, dict)
        return said

    async def asked(self, key: str) -> list[dict[str, str]]:
        """The headers of each request for a page that reached the service."""
        return [row for row in (await self.witness())["asked"] if row["key"] == key]

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The POP hangs: SIGSTOP, and SIGCONT at the end."""
        assert processes.send(self.run, [f"pop-{self.code}"], signal.SIGSTOP)
        try:
            yield
        finally:
            processes.send(self.run, [f"pop-{self.code}"], signal.SIGCONT)

    @contextmanager
    def later(self, seconds: float) -> Iterator[None]:
        """The calendar of the POP is ahead."""
        write_json(self.run.clock, {"offset": seconds})
        try:
            yield
        finally:
            write_json(self.run.clock, {"offset": 0})


class _Emulator:
    """A vendor's internal endpoint in a loop of its own, in a thread."""

    def __init__(self) -> None:
        self.api = Api()
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        async def route(request: web.Request) -> web.Response:
            return await (self.api.ack(request) if request.method == "POST" else self.api.edge(request))

        self._loop = asyncio.get_running_loop()
        async with listening(route) as self.port:
            self._ready.set()
            await self._ended.wait()

    def __enter__(self) -> _Emulator:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(30)

    def declare(self, snapshot: dict[str, Any]) -> None:
        """Have the POP obey it."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self.api.declare(**snapshot), self._loop).result(60)


def declared(vendor: str) -> dict[str, Any]:
    """Caching as `infra` declares it."""
    if vendor == "cloudflare":
        return cloudflare(request=cache_rules(POPS[vendor][1]))
    snapshot = cloudfront(
        cache_policy(MaxTTL=31_536_000),
        behaviour={"OriginRequestPolicyId": "reads"},
        CacheTagConfig={"HeaderName": "Cache-Tag"},
    )
    return {**snapshot, "origin_request_policies": {"reads": FORWARDED}}


@contextmanager
def edge(vendor: str, folder: Path, server: valkey.Server) -> Iterator[Edge]:
    """Start the emulator's endpoint, the POP and the service; end all three."""
    run = Run(folder)
    one = Edge(vendor, run, server)
    write_json(run.hosts, {})
    certificates.ensure_authority(run)
    with ExitStack() as stack:
        emulator = stack.enter_context(_Emulator())
        stack.callback(processes.end, run)
        pop = processes.python("sandbox.pop", "--run", str(folder), "--code", one.code, "--cdn", vendor)
        one.port = _started(run, f"pop-{one.code}", [*pop, "--api", f"127.0.0.1:{emulator.port}"], stack)
        scope = f"service-{vendor}-{time.monotonic_ns()}"
        words = (str(folder), server.url, scope, one.prefix, str(one.port), HOME)
        port = _started(run, f"service-{vendor}", processes.python("tests.cache.edge_service", *words), stack)
        name(run, HOME, port)
        emulator.declare(declared(vendor))
        yield one


@contextmanager
def replaced_by_site(far: Edge) -> Iterator[None]:
    """The sandbox's own origin stands behind the POP in place of the service."""
    run, service = far.run, int(far.run.endpoint(f"service-{far.vendor}").rpartition(":")[2])
    with run.edit() as registry:
        registry["endpoints"]["valkey-eu-central-1-primary"] = far.server.url.removeprefix("redis://")
    command = processes.python("sandbox.origin", "--run", str(run.folder), "--region", "eu-central-1")
    with ExitStack() as stack:
        name(run, HOME, _started(run, "origin-eu-central-1", command, stack))
        stack.callback(name, run, HOME, service)
        yield


def name(run: Run, host: str, port: int) -> None:
    """An entry of the sandbox's DNS."""
    write_json(run.hosts, {**json.loads(run.hosts.read_text()), host: f"127.0.0.1:{port}"})


def _started(run: Run, called: str, command: list[str], stack: ExitStack) -> int:
    process = processes.start(run, called, command)
    stack.callback(process.wait, 30)
    port = int(processes.wait_ready(run, called, process).said.split()[0])
    with run.edit() as registry:
        registry.setdefault("endpoints", {})[called] = f"127.0.0.1:{port}"
    stack.callback(processes.end, run, [called])
    return port
