"""Asking an origin as declared: where, how long to wait, how often to try.

Names are resolved by the run's `hosts.json`, TLS is checked against the run's authority, and the round trip between the
POP and the origin's region is waited out on every request (`sandbox.delays`).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict
from yarl import URL

from sandbox import certificates, delays
from sandbox.pop.messages import HOP_BY_HOP, Headers, Request, Response
from sandbox.run import Run
from sandbox.watched import WatchedJson

REGIONS = frozenset(delays.REGIONS)


@dataclass(frozen=True)
class Origin:
    """One origin as declared. Times in seconds; `attempts` counts connections, and for GET and HEAD also answers.

    `path_prefix` goes before the request's path, `headers` override the request's.
    """

    domain: str
    secure: bool = True
    verified: bool = True
    path_prefix: str = ""
    host_header: str | None = None
    headers: Headers = field(default_factory=Headers)
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    attempts: int = 3
    completion_timeout: float | None = None


@dataclass(frozen=True)
class Failure:
    """Why there was no answer: resolve, connect (refused), connect-timeout, tls, timeout (no response), closed."""

    kind: str
    told: str


class OriginClient:
    """Keeps connections to origins. One per POP; `close` ends it."""

    def __init__(self, run: Run, pop: str) -> None:
        self._run = run
        self._pop = pop
        self._hosts = WatchedJson(run.hosts)
        self._session: aiohttp.ClientSession | None = None
        self._trust: dict[bool, ssl.SSLContext] = {}

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()

    async def fetch(self, origin: Origin, request: Request) -> Response | Failure:
        """One request with the origin's attempts and time-outs; `request.headers` are those to send."""
        address = self._hosts.read().get(origin.domain)
        if address is None:
            return Failure("resolve", f"{origin.domain} has no address")
        try:
            async with asyncio.timeout(origin.completion_timeout):
                return await self._attempts(origin, request, str(address))
        except TimeoutError:
            return Failure("timeout", f"{origin.domain} did not complete in {origin.completion_timeout} s")

    async def _attempts(self, origin: Origin, request: Request, address: str) -> Response | Failure:
        failure = Failure("connect", "not tried")
        for _ in range(max(1, origin.attempts)):
            answer = await self._once(origin, request, address)
            if isinstance(answer, Response):
                return answer
            failure = answer
            if failure.kind in ("timeout", "closed") and request.method not in ("GET", "HEAD"):
                return failure
        return failure

    async def _once(self, origin: Origin, request: Request, address: str) -> Response | Failure:
        await asyncio.sleep(round_trip(self._pop, origin.domain))
        port = int(address.rpartition(":")[2])
        scheme = "https" if origin.secure else "http"
        url = URL(f"{scheme}://{origin.domain}:{port}{origin.path_prefix}{request.target}", encoded=True)
        try:
            async with self._open().request(
                request.method,
                url,
                headers=_sent(origin, request),
                data=request.body or None,
                allow_redirects=False,
                ssl=self._context(origin.verified) if origin.secure else False,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=origin.connect_timeout, sock_read=origin.read_timeout
                ),
            ) as answer:
                body = await answer.read()
                return Response(answer.status, _received(answer), body)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return _failure(origin, error)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=_Loopback(), limit=0, use_dns_cache=False, keepalive_timeout=5, family=socket.AF_INET
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._session

    def _context(self, verified: bool) -> ssl.SSLContext:
        if verified not in self._trust:
            context = certificates.client_context(self._run)
            if not verified:  # Cloudflare's mode "full" encrypts without checking the origin's certificate
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            self._trust[verified] = context
        return self._trust[verified]


class _Loopback(AbstractResolver):
    """Every name lives on 127.0.0.1; the port was read from `hosts.json` before."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
            )
        ]

    async def close(self) -> None:
        return None


def round_trip(pop: str, domain: str) -> float:
    """Seconds between a POP and the region in an origin's name; a name without a region counts as next door."""
    region = next((label for label in domain.split(".") if label in REGIONS), None)
    return delays.round_trip_seconds(pop, region) if region else delays.SAME_PLACE_MS / 1000


def _sent(origin: Origin, request: Request) -> CIMultiDict[str]:
    overridden = {name for name, _ in origin.headers}
    rows: CIMultiDict[str] = CIMultiDict()
    for name, value in request.headers.without(*HOP_BY_HOP, "content-length", "host"):
        if name not in overridden:
            rows.add(name, value)
    for name, value in origin.headers:
        rows.add(name, value)
    rows["Host"] = origin.host_header or origin.domain
    return rows


def _received(answer: aiohttp.ClientResponse) -> Headers:
    # latin-1 keeps every byte of an odd header value representable.
    rows = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.raw_headers)
    return Headers.of(rows).without(*HOP_BY_HOP)


def _failure(origin: Origin, error: BaseException) -> Failure:
    told = f"{origin.domain}: {type(error).__name__} {error}".strip()
    kinds: list[tuple[type[Any], str]] = [
        (aiohttp.ClientConnectorCertificateError, "tls"),
        (aiohttp.ClientSSLError, "tls"),
        (aiohttp.ConnectionTimeoutError, "connect-timeout"),
        (aiohttp.ClientConnectorError, "connect"),
        (aiohttp.SocketTimeoutError, "timeout"),
        (TimeoutError, "timeout"),
    ]
    return Failure(next((kind for known, kind in kinds if isinstance(error, known)), "closed"), told)


def modified(origin: Origin, changes: dict[str, Any]) -> Origin:
    """`origin` with the settings that an edge function changed (CloudFront's `updateRequestOrigin`)."""
    timeouts = changes.get("timeouts") or {}
    domain = changes.get("domainName")
    custom = changes.get("customHeaders")
    config = changes.get("customOriginConfig") or {}
    return replace(
        origin,
        domain=domain or origin.domain,
        host_header=changes.get("hostHeader") or (domain if domain else origin.host_header),
        path_prefix=changes.get("originPath", origin.path_prefix),
        headers=origin.headers if custom is None else Headers.of(custom),
        attempts=int(changes.get("connectionAttempts", origin.attempts)),
        connect_timeout=float(timeouts.get("connectionTimeout", origin.connect_timeout)),
        read_timeout=float(timeouts.get("readTimeout", origin.read_timeout)),
        completion_timeout=timeouts.get("responseCompletionTimeout", origin.completion_timeout),
        secure=config.get("protocol", "https" if origin.secure else "http") == "https",
    )
