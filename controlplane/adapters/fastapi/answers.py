"""Answers of a service: a read of the cache as an HTTP response that CDNs and browsers keep rightly.

    answers = HttpAnswers(cache)

    @app.get("/weddings/{wedding}/schedule")
    async def schedule(wedding: str, request: Request) -> Response:
        read = await cache.read(f"schedule:{wedding}", load, tier=Tier.HIGH, tags=[tags.wedding(wedding)], public=True)
        return answers.respond(request, read, public=True)

A response is private unless it is declared public: it then says `private, no-store`, and no CDN keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from fastapi import Request, Response

from controlplane.domain import http_caching
from controlplane.domain.http_caching import Facts
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
    def facts(self) -> Facts:
        """How it came about."""


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
        facts = read.facts
        headers = {"Cache-Status": self._cache_status(facts, key), **self._lifetimes(facts, public)}
        if read.value is None:
            return Response(status_code=absent, headers=headers)
        tag = http_caching.etag(body)
        headers["ETag"] = tag
        if request.method in ("GET", "HEAD") and http_caching.is_known(request.headers.get("if-none-match"), tag):
            return Response(status_code=304, headers=headers)
        return Response(body, media_type=self._media_type, headers=headers)

    def _lifetimes(self, facts: Facts, public: bool) -> dict[str, str]:
        """Who may keep the answer and for how long; the tags to purge it by; when its load began."""
        tags = http_caching.edge_tags(facts.tags)
        # Without tags there is no entry (every entry has some), and nothing could purge it. What the cache itself did
        # not keep (the loader said so, or a purge overtook the load), nobody else may keep.
        kept = bool(facts.tags) and facts.stored is not False and len(tags) <= http_caching.MOST_TAGS
        if not public or not kept or is_erasable(tags):
            return dict(http_caching.PRIVATE)
        left = facts.ttl if facts.ttl > 0 else _SOON
        said = http_caching.public(left, facts.stale_for + min(facts.ttl, 0.0), self._browser)
        if tags:
            said["Cache-Tag"] = ",".join(tags)
            # Cloudflare takes `Cache-Tag` off; a cache that reads through the edge needs the tags too.
            said[http_caching.TAGS] = said["Cache-Tag"]
        now = self._cache.log_time
        if now is not None and facts.ttl > 0:
            said[http_caching.BORN] = f"{now - facts.age:.3f}"
        return said

    def _cache_status(self, facts: Facts, key: str | None) -> str:
        """How the cache handled the request, in the terms of RFC 9211."""
        if facts.how in ("loaded", "miss") or facts.tier == "edge":
            return http_caching.cache_status(
                hit=False,
                forwarded="bypass" if facts.how == "loaded" and not facts.tags else "miss",
                ttl=facts.ttl if facts.stored else None,
                stored=facts.stored,
                collapsed=facts.collapsed or None,
                key=key,
                detail=facts.tier if facts.tier == "edge" else None,
                cache=self._name,
            )
        forwarded = _FORWARDED.get(facts.reason or "") if facts.how == "stale" else None
        return http_caching.cache_status(
            hit=forwarded is None,
            forwarded=forwarded,
            ttl=facts.ttl,
            key=key,
            detail=facts.reason or facts.tier,
            cache=self._name,
        )
