"""A read of the cache as an HTTP answer that CDNs and browsers keep rightly, for any web framework (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.domain import http_caching
from controlplane.domain.http_caching import Facts
from controlplane.domain.tags import is_erasable

# What is stale here may be asked for again after this many seconds, so that a CDN does not ask at every request.
_SOON = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at of a request: its method, and its `If-None-Match` if it has one."""

    method: str = "GET"
    if_none_match: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How an answer is told.

    `public`: whoever asks may have it; personal data (tags of a guest) stays private all the same. `immutable`: the
    address names the content (a fingerprint), so that it is kept for a year. `browser`: for how many seconds a browser
    keeps a public answer without asking, since nothing can purge it there. `cache` is the cache's name in
    `Cache-Status`, `key` is shown there if given; leave it out where it names a person. `absent`: the status without a
    value.
    """

    public: bool = False
    immutable: bool = False
    browser: float = 0.0
    cache: str = "wedcache"
    key: str | None = None
    absent: int = 404


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, headers without a content type, body; the body is empty under 304 and where there is no value."""

    status: int
    headers: dict[str, str]
    body: bytes


def answer(facts: Facts, body: bytes | None, asked: Asked, terms: Terms, now: float | None) -> HttpAnswer:
    """The answer to a request: the body, or 304 where the asker has it already, or `absent` where it is None.

    `now`: the purge log's time in unix seconds; None while it was never heard.
    """
    told = {
        http_caching.STATUS: http_caching.status_of(facts, key=terms.key, cache=terms.cache),
        **_lifetimes(facts, terms, now),
    }
    if body is None:
        return HttpAnswer(terms.absent, told, b"")
    tag = told["ETag"] = http_caching.etag(body)
    if asked.method in ("GET", "HEAD") and http_caching.is_known(asked.if_none_match, tag):
        return HttpAnswer(304, told, b"")
    return HttpAnswer(200, told, body)


def _lifetimes(facts: Facts, terms: Terms, now: float | None) -> dict[str, str]:
    """Who may keep the answer and for how long; the tags to purge it by; when its load began."""
    tags = http_caching.edge_tags(facts.tags)
    # Without tags there is no entry (every entry has some), and nothing could purge it. What the cache itself did not
    # keep (the loader said so, or a purge overtook the load), nobody else may keep.
    kept = bool(facts.tags) and facts.stored is not False and len(tags) <= http_caching.MOST_TAGS
    if not terms.public or not kept or is_erasable(tags):
        return dict(http_caching.PRIVATE)
    left = facts.ttl if facts.ttl > 0 else _SOON
    stale = facts.stale_for + min(facts.ttl, 0.0)
    told = http_caching.public(left, stale, terms.browser, immutable=terms.immutable)
    if tags:
        told["Cache-Tag"] = ",".join(tags)
        # Cloudflare takes `Cache-Tag` off; a cache that reads through the edge needs the tags too.
        told[http_caching.TAGS] = told["Cache-Tag"]
    if now is not None and facts.ttl > 0:
        told[http_caching.BORN] = f"{now - facts.age:.3f}"
    return told
