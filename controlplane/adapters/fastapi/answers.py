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

from controlplane.domain.http_answers import Asked, Terms, answer
from controlplane.domain.http_caching import Facts


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
        self,
        request: Request,
        read: Answered,
        *,
        public: bool = False,
        immutable: bool = False,
        key: str | None = None,
        absent: int = 404,
    ) -> Response:
        """The response to `request`: the value, or 304 where the asker has it already, or `absent` without a value.

        `public`: whoever asks may have it; personal data (tags of a guest) stays private all the same. `immutable`: the
        address names the content (a fingerprint), so that it is kept for a year. `key`, if given, is shown in
        `Cache-Status`; leave it out where it names a person.
        """
        body = None if read.value is None else self._encode(read.value)
        asked = Asked(request.method, request.headers.get("if-none-match"))
        terms = Terms(public, immutable, self._browser, self._name, key, absent)
        told = answer(read.facts, body, asked, terms, self._cache.log_time)
        media_type = self._media_type if told.status == 200 else None
        return Response(told.body, told.status, told.headers, media_type)
