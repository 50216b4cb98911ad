"""Answers of a service: a read of the cache as an HTTP response that CDNs and browsers keep rightly.

    answers = HttpAnswers(cache)

    @app.get("/weddings/{wedding}/schedule")
    async def schedule(wedding: str, request: Request) -> Response:
        read = await cache.read(f"schedule:{wedding}", load, tier=Tier.HIGH, tags=[tags.wedding(wedding)], public=True)
        return answers.respond(request, read, public=True)

A response is private unless it is declared public: it then says `private, no-store`, and no CDN keeps it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from fastapi import Request, Response

from controlplane.domain import http_caching
from controlplane.domain.tags import is_erasable

_FORWARDED = {"load-failed": "stale", "load-slow": "stale"}
# What is stale here may be asked for again after this many seconds, so that a CDN does not ask at every request.
_SOON = 5.0


class Answered(Protocol):
    """What is looked at of a `Read`."""

    @property
    def value(self) -> Any:
        """The value; None for a miss."""

    @property
    def status(self) -> enum.Enum:
        """hit, stale, loaded or miss."""

    @property
    def reason(self) -> enum.Enum | None:
        """Why it is stale."""

    @property
    def tier(self) -> str:
        """Where it came from."""

    @property
    def age(self) -> float:
        """Seconds since its load began."""

    @property
    def ttl(self) -> float:
        """Seconds until it is no hit any more; negative when it is stale."""

    @property
    def stale_for(self) -> float:
        """Seconds for which it may be served after that."""

    @property
    def tags(self) -> tuple[str, ...]:
        """All its tags."""

    @property
    def stored(self) -> bool | None:
        """Whether what was loaded was kept; None if nothing was loaded."""

    @property
    def collapsed(self) -> bool:
        """Whether it waited for somebody else's load."""


class Timekeeper(Protocol):
    """What is asked of a cache."""

    @property
    def log_time(self) -> float | None:
        """The purge log's time now, in unix seconds; None while it was never heard."""


class HttpAnswers:
    """Makes responses of reads. `encode` turns values into bytes of `media_type`; JSON by msgspec unless given.

    `browser` is for how many seconds a browser keeps a public answer without asking: nothing can purge it there.
    `name` is the cache's name in `Cache-Status`.
    """

    def __init__(
        self,
        cache: Timekeeper,
        *,
        browser: float = 0.0,
        name: str = "wedcache",
        encode: Callable[[Any], bytes] = msgspec.json.encode,
        media_type: str = "application/json",
    ) -> None:
        self._cache = cache
        self._browser = browser
        self._name = name
        self._encode = encode
        self._media_type = media_type

    def respond(
        self, request: Request, read: Answered, *, public: bool = False, key: str | None = None, absent: int = 404
    ) -> Response:
        """The response to `request`: the value, or 304 where the asker has it already, or `absent` without a value.

        `public`: whoever asks may have it; personal data (tags of a guest) stays private all the same. `key`, if given,
        is shown in `Cache-Status`; leave it out where it names a person.
        """
        body = b"" if read.value is None else self._encode(read.value)
        headers = {"Cache-Status": self._cache_status(read, key), **self._lifetimes(read, public)}
        if read.value is None:
            return Response(status_code=absent, headers=headers)
        tag = http_caching.etag(body)
        headers["ETag"] = tag
        if request.method in ("GET", "HEAD") and http_caching.is_known(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=self._media_type, headers=headers)

    def _lifetimes(self, read: Answered, public: bool) -> dict[str, str]:
        """Who may keep the answer and for how long; the tags to purge it by; when its load began."""
        tags = http_caching.edge_tags(read.tags)
        if not public or is_erasable(tags) or len(tags) > http_caching.MOST_TAGS or read.status.value == "miss":
            return dict(http_caching.PRIVATE)
        left = read.ttl if read.ttl > 0 else _SOON
        said = http_caching.public(left, read.stale_for + min(read.ttl, 0.0), self._browser)
        if tags:
            said["Cache-Tag"] = ",".join(tags)
            # Cloudflare takes `Cache-Tag` off; a cache that reads through the edge needs the tags too.
            said[http_caching.TAGS] = said["Cache-Tag"]
        now = self._cache.log_time
        if now is not None and read.ttl > 0:
            said[http_caching.BORN] = f"{now - read.age:.3f}"
        return said

    def _cache_status(self, read: Answered, key: str | None) -> str:
        """How the cache handled the request, in the terms of RFC 9211."""
        reason = None if read.reason is None else str(read.reason.value)
        how = read.status.value
        if how in ("loaded", "miss") or read.tier == "edge":
            return http_caching.cache_status(
                hit=False,
                forwarded="bypass" if read.tier == "disabled" else "miss",
                ttl=read.ttl if read.stored else None,
                stored=read.stored,
                collapsed=read.collapsed or None,
                key=key,
                detail=read.tier if read.tier == "edge" else None,
                cache=self._name,
            )
        forwarded = _FORWARDED.get(reason or "") if how == "stale" else None
        return http_caching.cache_status(
            hit=forwarded is None,
            forwarded=forwarded,
            ttl=read.ttl,
            key=key,
            detail=reason or read.tier,
            cache=self._name,
        )
