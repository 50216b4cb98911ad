"""What a POP does with a request, decided from values alone: no clock, no network, no vendor.

`decide` looks at what is kept, `may_serve_on_error` at a failure, `store` at an answer. Vendors differ only in the
`Caching` that their policy compiles to.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Protocol

from sandbox.pop.entries import Entry
from sandbox.pop.messages import Request, Response


class Verdict(enum.Enum):
    """What to do now."""

    HIT = "hit"  # serve the fresh copy
    STALE = "stale"  # serve the stale copy at once and fetch a new one behind it
    HELD = "held"  # serve the expired copy; the origin failed a moment ago and is left alone
    FETCH = "fetch"  # nothing usable is kept: ask the origin, keep the answer if allowed
    REVALIDATE = "revalidate"  # an expired copy is kept: ask the origin with its validators
    PASS = "pass"  # ask the origin and keep nothing


@dataclass(frozen=True)
class Lifetime:
    """How long an answer may be served: seconds, as in `Entry`."""

    ttl: float
    swr: float = 0.0
    sie: float | None = None
    limit: float = float("inf")
    forgiving: bool = False


@dataclass(frozen=True)
class NotCached:
    """An answer that is not kept, and why."""

    reason: str


class Caching(Protocol):
    """A vendor's rules for one request, compiled from what was declared."""

    @property
    def enabled(self) -> bool:
        """Whether anything is kept or served from what is kept."""

    def lifetime(self, request: Request, response: Response, now: float) -> Lifetime | NotCached:
        """How long `response` may be served from the cache, or why it may not. Pure."""

    def tags(self, response: Response) -> frozenset[str]:
        """The cache tags of `response`, lowered and within the vendor's limits. Pure."""

    def retained(self, response: Response) -> Response:
        """`response` as it is kept (headers that the vendor removes are gone). Pure."""


CACHED_METHODS = frozenset({"GET", "HEAD"})


def decide(request: Request, entry: Entry | None, policy: Caching, now: float) -> Verdict:
    """What to do with `request` when `entry` is kept under its key. `now`: calendar seconds."""
    if not policy.enabled or request.method not in CACHED_METHODS or "range" in request.headers:
        return Verdict.PASS
    if entry is None:
        return Verdict.FETCH
    if now < entry.fresh_until:
        return Verdict.HIT
    if now < entry.swr_until:
        return Verdict.STALE
    if now < min(entry.retry_at, entry.error_until):
        return Verdict.HELD
    return Verdict.REVALIDATE


def may_serve_on_error(entry: Entry, now: float) -> bool:
    """Whether the expired `entry` may stand in for an origin that failed (unreachable, timed out, 5xx)."""
    return now < entry.error_until


def store(
    request: Request, response: Response, policy: Caching, now: float, *, key: str, scope: str, target: str
) -> Entry | NotCached:
    """The entry that keeps `response`, or why it is not kept."""
    if not policy.enabled:
        return NotCached("caching is disabled by the policy")
    if request.method != "GET":
        return NotCached(f"answers to {request.method} are not kept")
    if response.status in (206, 304):
        return NotCached(f"status {response.status} is a part of an answer")
    life = policy.lifetime(request, response, now)
    if isinstance(life, NotCached):
        return life
    return Entry(
        key=key,
        scope=scope,
        host=request.host,
        target=target,
        response=policy.retained(response),
        stored_at=now,
        ttl=life.ttl,
        swr=life.swr,
        sie=life.sie,
        limit=life.limit,
        forgiving=life.forgiving,
        tags=policy.tags(response),
    )
