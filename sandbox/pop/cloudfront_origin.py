"""How a CloudFront edge asks the origin: what it forwards, origin groups, and its own errors.

Source: CloudFront Developer Guide, pages requestandresponsebehaviorcustomorigin, high-availability-origin-failover.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from sandbox.pop.cloudfront_policy import Behaviour, Distribution
from sandbox.pop.flow import Fetched
from sandbox.pop.key import accepted_encodings, chosen_cookies, chosen_query
from sandbox.pop.messages import HOP_BY_HOP, Headers, Request, Response
from sandbox.pop.origin import Failure, Origin, OriginClient
from sandbox.pop.viewer import page

FAILOVER_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# An origin that cannot be reached counts as 503 for an origin group, one that does not respond as 504.
COUNTS_AS = {"resolve": 503, "connect": 503, "connect-timeout": 503, "tls": 503, "timeout": 504, "closed": 503}
SHOWN_AS = {"resolve": 502, "connect": 502, "connect-timeout": 504, "tls": 502, "timeout": 504, "closed": 502}
CONDITIONS = ("if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range")
BODY_HEADERS = frozenset({"content-type", "content-encoding", "content-language"})


@dataclass(frozen=True)
class Route:
    """Where one request goes: the distribution, the behaviour, and what the edge function changed."""

    distribution: Distribution
    behaviour: Behaviour
    edit: Callable[[Origin], Origin] = lambda origin: origin
    selected: str | None = None

    def origins(self, method: str) -> tuple[Origin, Origin | None, frozenset[int]]:
        """Primary, secondary and the statuses that lead to it. Edits reach the primary only."""
        target = self.selected or self.behaviour.target
        group = self.distribution.groups.get(target)
        if group is None:
            return self.edit(self.distribution.origins[target]), None, frozenset()
        second = self.distribution.origins[group.secondary] if method in FAILOVER_METHODS else None
        return self.edit(self.distribution.origins[group.primary]), second, group.statuses


async def ask(client: OriginClient, route: Route, request: Request, conditions: Headers) -> Fetched:
    """Primary first on every miss, then the secondary where the group says so."""
    began = time.monotonic()
    primary, secondary, statuses = route.origins(request.method)
    origin, answer = primary, await client.fetch(_addressed(primary, route, request), _sent(route, request, conditions))
    if secondary is not None and _status(answer) in statuses:
        origin = secondary
        answer = await client.fetch(_addressed(secondary, route, request), _sent(route, request, conditions))
    milliseconds = (time.monotonic() - began) * 1000
    if isinstance(answer, Failure):
        return Fetched(_error(answer), origin.domain, milliseconds, answer.kind)
    return Fetched(answer, origin.domain, milliseconds)


def _status(answer: Response | Failure) -> int:
    return COUNTS_AS[answer.kind] if isinstance(answer, Failure) else answer.status


def _error(failure: Failure) -> Response:
    told = {
        502: "CloudFront wasn't able to connect to the origin.",
        504: "CloudFront attempted to establish a connection with the origin, but the attempt failed or timed out.",
    }
    status = SHOWN_AS[failure.kind]
    return page(status, "ERROR: The request could not be satisfied", told[status], server="CloudFront")


def _addressed(origin: Origin, route: Route, request: Request) -> Origin:
    """The Host header: the viewer's where a policy forwards it, else the origin's own name."""
    if origin.host_header is not None:
        return origin
    forwards = route.behaviour.cache.headers.takes("host") or route.behaviour.forwarding.headers.takes("host")
    return replace(origin, host_header=request.host if forwards else None)


def _sent(route: Route, request: Request, conditions: Headers) -> Request:
    """The request as the origin sees it: only what the cache policy and the origin request policy let through."""
    rules, forwarding = route.behaviour.cache, route.behaviour.forwarding
    plain = request.headers.without(*HOP_BY_HOP, *CONDITIONS, "host", "cookie", "accept-encoding", "content-length")
    always = BODY_HEADERS if request.body else frozenset()
    if request.method not in ("GET", "HEAD"):
        always |= {"authorization"}
    headers = plain.only(
        lambda name: rules.headers.takes(name) or forwarding.headers.takes(name) or name in always or name == "range"
    )
    encodings = accepted_encodings(request.headers.get("accept-encoding"), rules.encodings)
    if encodings:
        headers = headers.with_set("accept-encoding", encodings)
    cookies = chosen_cookies(request, rules.cookies, forwarding.cookies)
    if cookies:
        headers = headers.with_set("cookie", "; ".join(f"{name}={value}" for name, value in cookies))
    if "user-agent" not in headers:
        headers = headers.with_set("user-agent", "Amazon CloudFront")
    headers = headers.with_set("via", f"1.1 {route.distribution.domain} (CloudFront)").with_set(
        "x-forwarded-for", "127.0.0.1"
    )
    query = chosen_query(request.query, rules.queries, forwarding.queries)
    return replace(request, query=query, headers=Headers((*headers, *conditions)))
