"""A CloudFront edge location: finds the distribution, runs its function, serves through the cache, signs the answer."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.pop import cloudfront_origin
from sandbox.pop.cloudfront_compile import compile_edge
from sandbox.pop.cloudfront_origin import Route
from sandbox.pop.cloudfront_policy import Behaviour, CacheRules, Distribution, Edge, Function
from sandbox.pop.entries import Entry, Purge
from sandbox.pop.event import InvalidAnswer
from sandbox.pop.flow import Ask, Flow, Outcome, Result
from sandbox.pop.function import FunctionFails, Ran, Runtime
from sandbox.pop.key import accepted_encodings, chosen_cookies, chosen_query, digest
from sandbox.pop.messages import Request, Response
from sandbox.pop.origin import OriginClient, modified
from sandbox.pop.viewer import Served, conditional, page, served

X_CACHE = {
    Result.HIT: "Hit",
    Result.MISS: "Miss",
    Result.EXPIRED: "Miss",
    Result.REVALIDATED: "RefreshHit",
    Result.UPDATING: "RefreshHit",
    Result.STALE: "RefreshHit",
    Result.UNCACHED: "Miss",
    Result.PASS: "Miss",
}
REFUSED = "ERROR: The request could not be satisfied"


class CloudFrontEdge:
    """One edge location. `apply` takes a snapshot, `handle` a viewer's request."""

    def __init__(self, pop: str, flow: Flow, origins: OriginClient, clock: Callable[[], float]) -> None:
        self._pop = pop
        self._flow = flow
        self._origins = origins
        self._clock = clock
        self._edge = Edge()
        self._runtimes: dict[tuple[str, str], tuple[Function, Runtime]] = {}

    def apply(self, snapshot: dict[str, Any]) -> None:
        """Obey what is declared from now on, then carry out the invalidations."""
        self._edge = compile_edge(snapshot)
        for order in snapshot.get("invalidations", []):
            for scope in self._edge.scopes(order["owner"]):
                self._flow.entries.purge(purge_of(order, scope), self._clock())

    async def handle(self, request: Request) -> Served:
        """Serve one viewer request."""
        distribution = self._edge.distribution(request.host)
        if distribution is None or not distribution.enabled:
            told = "Bad request. We can't connect to the server for this app or website at this time."
            return self._signed(
                page(403, REFUSED, told, server="CloudFront"), "Error", _refused(f"no host {request.host}")
            )
        if request.path == "/" and distribution.root_object:
            request = replace(request, path=f"/{distribution.root_object.lstrip('/')}")
        behaviour = distribution.behaviour(request.path)
        refusal = refused(behaviour, request)
        if refusal is not None:
            return self._signed(refusal, "Error" if refusal.status >= 400 else "Redirect", _refused("not allowed"))
        route = Route(distribution, behaviour)
        if behaviour.function is None:
            return await self._cached(route, request, None)
        return await self._through_function(route, request, behaviour.function)

    async def _through_function(self, route: Route, request: Request, arn: str) -> Served:
        try:
            ran = self._run(route.distribution, arn, request)
        except FunctionFails as error:
            return self._failed(503, "FunctionExecutionError", str(error))
        except InvalidAnswer as error:
            return self._failed(502, "FunctionValidationError", str(error))
        if ran.response is not None:
            status = f"response:{ran.response.status}"
            record = Served(ran.response, Result.GENERATED.value, function=status)
            return self._signed(ran.response, "FunctionGeneratedResponse", record)
        changes = ran.changes
        if changes:
            route = replace(route, edit=lambda origin: modified(origin, changes))
        return await self._cached(
            replace(route, selected=ran.selected), ran.request, "origin" if changes else "request"
        )

    def _run(self, distribution: Distribution, arn: str, request: Request) -> Ran:
        function = self._edge.functions.get(arn)
        if function is None:
            raise FunctionFails(f"{arn} is not published")
        known = self._runtimes.get((arn, distribution.id))
        if known is None or known[0] != function:
            known = (function, Runtime(function, distribution.origins))
            self._runtimes[arn, distribution.id] = known
        context = {
            "distributionDomainName": distribution.domain,
            "distributionId": distribution.id,
            "requestId": secrets.token_urlsafe(40),
        }
        return known[1].run(request, self._clock(), context)

    def _failed(self, status: int, label: str, told: str) -> Served:
        shown = page(
            status, REFUSED, "The CloudFront function associated with the distribution failed.", server="CloudFront"
        )
        return self._signed(shown, label, Served(shown, Result.GENERATED.value, function=f"error: {told}"))

    async def _cached(self, route: Route, request: Request, function: str | None) -> Served:
        key, outcome = await self._outcome(route, request)
        error_page = route.distribution.error_pages.get(outcome.response.status)
        if error_page is not None:
            outcome = await self._custom_error(route, request, outcome)
        response = conditional(request, outcome.response)
        headers = route.behaviour.viewer_headers.applied(response.headers)
        if outcome.age is not None:
            headers = headers.with_set("age", str(outcome.age))
        label = "Error" if response.status >= 400 else X_CACHE[outcome.result]
        return self._signed(response.with_headers(headers), label, served(response, outcome, key, function))

    async def _outcome(self, route: Route, request: Request) -> tuple[str, Outcome]:
        rules = route.behaviour.cache
        key, target = cache_key(route.distribution, rules, request)
        ask = Ask(
            request=request,
            key=key,
            scope=route.distribution.scope,
            target=target,
            policy=rules,
            fetch=lambda conditions: cloudfront_origin.ask(self._origins, route, request, conditions),
            retry_after=rules.error_ttl,
        )
        return key, await self._flow.answer(ask)

    async def _custom_error(self, route: Route, request: Request, failed: Outcome) -> Outcome:
        """The declared page under the declared status; the origin's own error where the page cannot be had."""
        error = route.distribution.error_pages[failed.response.status]
        asked = replace(request, method="GET", path=error.path, query="", body=b"")
        behaviour = route.distribution.behaviour(error.path)
        _, outcome = await self._outcome(Route(route.distribution, behaviour), asked)
        if outcome.response.status != 200:
            return failed
        return replace(failed, response=replace(outcome.response, status=error.status))

    def _signed(self, response: Response, label: str, record: Served) -> Served:
        headers = response.headers.without("x-cache", "x-amz-cf-pop", "x-amz-cf-id")
        via = f"1.1 {secrets.token_hex(16)}.cloudfront.net (CloudFront)"
        known = headers.get("via")
        headers = (
            headers.with_set("via", f"{known}, {via}" if known else via)
            .with_set("x-cache", f"{label} from cloudfront")
            .with_set("x-amz-cf-pop", self._pop)
            .with_set("x-amz-cf-id", secrets.token_urlsafe(40))
        )
        return replace(record, response=response.with_headers(headers))


def _refused(reason: str) -> Served:
    return Served(Response(403), Result.GENERATED.value, reason=reason)


def refused(behaviour: Behaviour, request: Request) -> Response | None:
    """The answer to a protocol or method that the behaviour does not allow; None where it does."""
    if not request.secure and behaviour.viewer_protocol == "redirect-to-https":
        status = 301 if request.method in ("GET", "HEAD") else 307
        moved = page(status, "Moved", "", server="CloudFront")
        return moved.with_headers(moved.headers.with_set("location", f"https://{request.host}{request.target}"))
    if not request.secure and behaviour.viewer_protocol == "https-only":
        return page(403, REFUSED, "Bad request.", server="CloudFront")
    if request.method not in behaviour.allowed:
        told = "This distribution is not configured to allow the HTTP request method that was used for this request."
        return page(403, REFUSED, told, server="CloudFront")
    return None


def cache_key(distribution: Distribution, rules: CacheRules, request: Request) -> tuple[str, str]:
    """The cache key, and path with the query as it stands in the key.

    Whether CloudFront keeps tenants apart by itself is documented nowhere: here they share what their keys do not part.
    """
    query = chosen_query(request.query, rules.queries)
    parts = [distribution.id, request.path, query]
    parts += [accepted_encodings(request.headers.get("accept-encoding"), rules.encodings)]
    if rules.headers.names:
        shown = request.headers.with_set("host", request.host)
        parts += [f"{name}:{shown.get(name) or ''}" for name in sorted(rules.headers.names)]
    parts += [f"{name}={value}" for name, value in chosen_cookies(request, rules.cookies)]
    return digest(parts), f"{request.path}?{query}" if query else request.path


def purge_of(order: dict[str, Any], scope: str) -> Purge:
    """An invalidation in one scope: exact paths with their query, wildcards at the end, `#tag`; deletes."""
    tags = frozenset(item[1:].lower() for item in order["items"] if item.startswith("#"))
    paths = frozenset(item for item in order["items"] if item[0] not in "#*" and not item.endswith("*"))
    prefixes = tuple(item[:-1] for item in order["items"] if item.endswith("*") and not item.startswith("#"))

    def matches(entry: Entry) -> bool:
        return bool(tags & entry.tags) or entry.target in paths or entry.target.startswith(prefixes)

    return Purge(scope, soft=False, matches=matches, tags=None if paths or prefixes else tags)
