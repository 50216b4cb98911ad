"""A Cloudflare data centre: finds the zone, applies its rules, serves through the cache, signs the answer."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.pop.cloudflare_compile import compile_zones
from sandbox.pop.cloudflare_key import cache_key, purge_of
from sandbox.pop.cloudflare_policy import Zone, ZoneCaching
from sandbox.pop.flow import Ask, Fetched, Flow, Outcome, Result
from sandbox.pop.load_balancer import Endpoint
from sandbox.pop.messages import HOP_BY_HOP, Headers, Request, Response
from sandbox.pop.origin import Failure, Origin, OriginClient
from sandbox.pop.viewer import Served, conditional, page, served

CONNECT_SECONDS = 19.0
READ_SECONDS = 100.0
SHOWN_AS = {"resolve": 530, "connect": 521, "connect-timeout": 522, "tls": 525, "timeout": 524, "closed": 520}
TRIED_AGAIN = frozenset({"connect", "connect-timeout"})
CONDITIONS = ("if-none-match", "if-modified-since")
STATUS = {
    Result.HIT: "HIT",
    Result.MISS: "MISS",
    Result.EXPIRED: "EXPIRED",
    Result.REVALIDATED: "REVALIDATED",
    Result.UPDATING: "UPDATING",
    Result.STALE: "STALE",
}


class CloudflareEdge:
    """One data centre. `apply` takes a snapshot, `handle` a viewer's request."""

    def __init__(
        self,
        pop: str,
        flow: Flow,
        origins: OriginClient,
        clock: Callable[[], float],
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._pop = pop
        self._flow = flow
        self._origins = origins
        self._clock = clock
        self._draw = draw
        self._zones: tuple[Zone, ...] = ()

    def apply(self, snapshot: dict[str, Any]) -> None:
        """Obey what is declared from now on, then carry out the purges."""
        self._zones = compile_zones(snapshot)
        known = {zone.id: zone for zone in self._zones}
        for order in snapshot.get("purges", []):
            if order["zone_id"] in known:
                self._flow.entries.purge(purge_of(order, known[order["zone_id"]]), self._clock())

    async def handle(self, request: Request) -> Served:
        """Serve one viewer request."""
        zone = next((zone for zone in self._zones if f".{request.host}".endswith(f".{zone.name}")), None)
        endpoints = self._endpoints(zone, request.host) if zone is not None else None
        if zone is None or endpoints is None:
            shown = page(530, "Origin DNS error", "error code: 1001", server="cloudflare")
            return self._signed(shown, Served(shown, Result.GENERATED.value, reason=f"no host {request.host}"), None)
        if not request.secure and zone.settings.get("always_use_https") == "on":
            moved = page(301, "Moved Permanently", "", server="cloudflare")
            moved = moved.with_headers(moved.headers.with_set("location", f"https://{request.host}{request.target}"))
            return self._signed(moved, Served(moved, Result.GENERATED.value), None)
        blocked = zone.blocked(request)
        if blocked is not None:
            return self._signed(blocked, Served(blocked, Result.GENERATED.value, reason="blocked by a rule"), None)
        caching = zone.caching(request)
        key, target = cache_key(caching, request)
        ask = Ask(
            request=request,
            key=key,
            scope=zone.id,
            target=target,
            policy=caching,
            fetch=lambda conditions: self._fetch(caching, endpoints, request, conditions),
        )
        return self._viewed(request, caching, await self._flow.answer(ask), key)

    def _endpoints(self, zone: Zone, host: str) -> list[Endpoint] | None:
        """Where `host` leads, best first; None where Cloudflare does not proxy it."""
        balancer = zone.balancers.get(host)
        if balancer is not None:
            return balancer.candidates(self._draw())
        record = zone.record(host)
        return [Endpoint(record.name, record.content)] if record is not None else None

    async def _fetch(
        self, caching: ZoneCaching, endpoints: list[Endpoint], request: Request, conditions: Headers
    ) -> Fetched:
        began = time.monotonic()
        answer: Response | Failure = Failure("resolve", "no endpoint is enabled")
        address = None
        sent = forwarded(request, conditions, cached=caching.enabled)
        for endpoint in endpoints[:2]:
            address = endpoint.address
            answer = await self._origins.fetch(origin_of(caching, endpoint, request.host), sent)
            if not isinstance(answer, Failure) or answer.kind not in TRIED_AGAIN:
                break
        milliseconds = (time.monotonic() - began) * 1000
        if isinstance(answer, Failure):
            status = SHOWN_AS[answer.kind]
            code = "1016" if answer.kind == "resolve" else str(status)
            shown = page(status, "Web server error", f"error code: {code}", server="cloudflare")
            return Fetched(shown, address, milliseconds, answer.kind)
        return Fetched(answer, address, milliseconds)

    def _viewed(self, request: Request, caching: ZoneCaching, outcome: Outcome, key: str) -> Served:
        response = outcome.response.with_headers(caching.viewer_headers(outcome.response))
        if outcome.result is not Result.PASS:
            response = conditional(request, response)
        if outcome.age is not None:
            response = response.with_headers(response.headers.with_set("age", str(outcome.age)))
        return self._signed(response, served(response, outcome, key), cache_status(caching, outcome))

    def _signed(self, response: Response, record: Served, status: str | None) -> Served:
        headers = response.headers.with_set("server", "cloudflare")
        headers = headers.with_set("cf-ray", f"{secrets.token_hex(8)}-{self._pop}")
        if status is not None:
            headers = headers.with_set("cf-cache-status", status)
        return replace(record, response=response.with_headers(headers))


def cache_status(caching: ZoneCaching, outcome: Outcome) -> str:
    """`CF-Cache-Status` (Cloudflare docs, cache/concepts/cache-responses)."""
    if outcome.result is Result.PASS:
        return "BYPASS" if caching.eligible and not caching.enabled else "DYNAMIC"
    if outcome.result is Result.UNCACHED:
        return "BYPASS" if (outcome.reason or "").startswith("bypass") else "MISS"
    return STATUS[outcome.result]


def origin_of(caching: ZoneCaching, endpoint: Endpoint, host: str) -> Origin:
    """The origin as SSL mode and time-outs declare it; its Host is the viewer's unless the pool says other."""
    mode = caching.zone.settings.get("ssl", "full")
    read = caching.settings.get("read_timeout") or caching.zone.settings.get("proxy_read_timeout") or READ_SECONDS
    return Origin(
        domain=endpoint.address,
        secure=mode not in ("off", "flexible"),
        verified=mode == "strict",
        host_header=endpoint.host_header or host,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=float(read),
        attempts=1,
    )


def forwarded(request: Request, conditions: Headers, *, cached: bool) -> Request:
    """The request as the origin sees it: the viewer's headers with Cloudflare's own."""
    dropped = (*HOP_BY_HOP, "host", "content-length", *((*CONDITIONS, "accept-encoding") if cached else ()))
    headers = request.headers.without(*dropped, "x-forwarded-for", "x-forwarded-proto", "cf-connecting-ip")
    own = (
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https" if request.secure else "http"),
        ("cf-connecting-ip", "127.0.0.1"),
        ("cdn-loop", "cloudflare; loops=1"),
    )
    return replace(request, headers=Headers((*headers, *own, *conditions)))
