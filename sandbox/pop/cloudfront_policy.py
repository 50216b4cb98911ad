"""What was declared for CloudFront, compiled once per snapshot to frozen values.

Source of the rules: the CloudFront Developer Guide, pages expiration, httpstatuscodes, controlling-the-cache-key,
controlling-origin-requests, high-availability-origin-failover, downloaddistvaluesorigin, invalidation-by-tags.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sandbox.pop.decide import Lifetime, NotCached
from sandbox.pop.directives import Directives, declared_lifetime
from sandbox.pop.key import Choice
from sandbox.pop.messages import Headers, Request, Response
from sandbox.pop.origin import Origin

TAGS_PER_OBJECT = 50
TAG_LENGTH = 256
DEFAULT_TTL = 86_400.0
MAX_TTL = 31_536_000.0
ERROR_TTL = 10.0
ERRORS_CACHED = frozenset({404, 414, 500, 501, 502, 503, 504})
ERRORS_CACHED_WHEN_ASKED = frozenset({400, 403, 405, 412, 415})


@dataclass(frozen=True)
class CacheRules:
    """A cache policy with its distribution's tag header and error times; implements `decide.Caching`."""

    min_ttl: float = 0.0
    default_ttl: float = DEFAULT_TTL
    max_ttl: float = MAX_TTL
    headers: Choice = field(default_factory=Choice)
    cookies: Choice = field(default_factory=Choice)
    queries: Choice = field(default_factory=Choice)
    encodings: tuple[str, ...] = ()
    tag_header: str | None = None
    error_ttls: tuple[tuple[int, float], ...] = ()
    keeps_cookies: bool = False

    @property
    def enabled(self) -> bool:
        """All three TTLs 0 disable caching."""
        return self.max_ttl > 0

    def error_ttl(self, status: int) -> float:
        """The error caching minimum TTL of a status code."""
        return dict(self.error_ttls).get(status, ERROR_TTL)

    def lifetime(self, request: Request, response: Response, now: float) -> Lifetime | NotCached:
        """TTL bounds, stale directives capped by the maximum TTL, counted from the fetch."""
        directives = Directives.parse(response.headers.get("cache-control"))
        declared = declared_lifetime(response.headers, directives, now)
        if response.status >= 400:
            return self._error_lifetime(response.status, directives, declared)
        forbidden = directives.has_any("no-store", "private")
        if forbidden and self.min_ttl <= 0:
            return NotCached("no-store or private, and the minimum TTL is 0")
        if forbidden or "no-cache" in directives:
            ttl = self.min_ttl
        elif declared is not None:
            ttl = max(self.min_ttl, min(declared, self.max_ttl))
        else:
            ttl = max(self.min_ttl, self.default_ttl)
        swr = directives.seconds("stale-while-revalidate") or 0.0
        limit = max(self.max_ttl, ttl)
        return Lifetime(ttl, swr, directives.seconds("stale-if-error"), limit, forgiving=True)

    def _error_lifetime(self, status: int, directives: Directives, declared: float | None) -> Lifetime | NotCached:
        asked = directives.has_any("max-age", "s-maxage")
        if status in ERRORS_CACHED or (status in ERRORS_CACHED_WHEN_ASKED and asked):
            ttl = max(self.error_ttl(status), min(declared or 0.0, self.max_ttl))
            return Lifetime(ttl, limit=ttl)
        return NotCached(f"status {status} is not cached")

    def tags(self, response: Response) -> frozenset[str]:
        """The first 50 tags of the declared header that are no longer than 256 characters; the rest is dropped."""
        if self.tag_header is None:
            return frozenset()
        tags: list[str] = []
        for part in (response.headers.get(self.tag_header) or "").split(","):
            tag = part.strip().lower()
            if tag and len(tag) <= TAG_LENGTH and all(33 <= ord(letter) <= 126 for letter in tag) and tag not in tags:
                tags.append(tag)
        return frozenset(tags[:TAGS_PER_OBJECT])

    def retained(self, response: Response) -> Response:
        """Without Set-Cookie where no policy forwards cookies."""
        return response if self.keeps_cookies else response.with_headers(response.headers.without("set-cookie"))


@dataclass(frozen=True)
class Forwarding:
    """What reaches the origin beside the cache key (origin request policy)."""

    headers: Choice = field(default_factory=Choice)
    cookies: Choice = field(default_factory=Choice)
    queries: Choice = field(default_factory=Choice)


@dataclass(frozen=True)
class Failover:
    """An origin group: the second origin and the status codes that lead to it."""

    primary: str
    secondary: str
    statuses: frozenset[int]


@dataclass(frozen=True)
class ViewerHeaders:
    """A response headers policy: (name, value, override) to set, names to remove. The viewer's copy only."""

    items: tuple[tuple[str, str, bool], ...] = ()
    removed: frozenset[str] = frozenset()

    def applied(self, headers: Headers) -> Headers:
        """The viewer's headers."""
        headers = headers.without(*self.removed) if self.removed else headers
        for name, value, override in self.items:
            if override or name not in headers:
                headers = headers.with_set(name, value)
        return headers


@dataclass(frozen=True)
class Behaviour:
    """One cache behaviour, compiled with the policies that it names."""

    pattern: str
    target: str
    viewer_protocol: str
    allowed: frozenset[str]
    cached: frozenset[str]
    cache: CacheRules
    forwarding: Forwarding
    viewer_headers: ViewerHeaders
    function: str | None

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        # `*` and `?` only, case-sensitive; `[` means itself in a path pattern.
        escaped = self.pattern.replace("[", "[[]")
        return re.compile(fnmatch.translate(escaped if escaped.startswith(("/", "*")) else f"/{escaped}"))

    def matches(self, path: str) -> bool:
        """Whether its path pattern covers `path`."""
        return self._regex.match(path) is not None


@dataclass(frozen=True)
class ErrorPage:
    """A custom error response: the page's path and the status that the viewer sees."""

    path: str
    status: int


@dataclass(frozen=True)
class Distribution:
    """One distribution; or, with `tenant`, what a multi-tenant one is for that tenant's hosts."""

    id: str
    domain: str
    enabled: bool
    aliases: tuple[str, ...]
    root_object: str
    origins: Mapping[str, Origin]
    groups: Mapping[str, Failover]
    behaviours: tuple[Behaviour, ...]
    error_pages: Mapping[int, ErrorPage]
    tenant: str = ""

    @property
    def scope(self) -> str:
        """Whose copies it keeps, as far as invalidations tell them apart."""
        return self.tenant or self.id

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names that viewers ask for: a tenant has only its own."""
        return self.aliases if self.tenant else (self.domain, *self.aliases)

    def behaviour(self, path: str) -> Behaviour:
        """The first behaviour whose pattern matches, the default one last."""
        return next(found for found in self.behaviours if found.matches(path))


@dataclass(frozen=True)
class Function:
    """A published function with the pairs of its key value store."""

    code: str
    runtime: str
    pairs: Mapping[str, str] | None


@dataclass(frozen=True)
class Edge:
    """Everything declared for CloudFront."""

    distributions: tuple[Distribution, ...] = ()
    functions: Mapping[str, Function] = field(default_factory=dict)

    @cached_property
    def _by_host(self) -> dict[str, Distribution]:
        return {host: found for found in self.distributions for host in found.hosts}

    def distribution(self, host: str) -> Distribution | None:
        """The distribution whose domain or alias is `host`; an exact alias goes before a wildcard."""
        exact = self._by_host.get(host)
        if exact is not None:
            return exact
        return self._by_host.get(f"*.{host.partition('.')[2]}")

    def scopes(self, owner: str) -> set[str]:
        """Whose copies an invalidation of a distribution, or of one tenant, reaches."""
        return {owner, *(found.scope for found in self.distributions if found.id == owner)}


def listed(node: Mapping[str, Any] | None) -> list[Any]:
    """The items of CloudFront's {Quantity, Items} lists; [] where absent."""
    return list((node or {}).get("Items") or [])
