"""What a service says about caching in HTTP, as plain headers (pure).

Sources: RFC 9111 (caching), RFC 5861 (stale directives), RFC 9213 (`CDN-Cache-Control`), RFC 9211 (`Cache-Status`),
RFC 9110 section 13.1.2 (`If-None-Match`), RFC 8586 (`CDN-Loop`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controlplane.domain import keys
from controlplane.domain.tags import EVERYTHING

BORN = "X-Wedcache-Born"
TAGS = "X-Wedcache-Tags"
STATUS = "Cache-Status"
LOOP = "CDN-Loop"
LOOP_NAME = "wedcache"
# CloudFront keeps 50 tags of an object and drops further ones without a word: such an answer could never be purged.
MOST_TAGS = 50
PRIVATE = {"Cache-Control": "private, no-store"}
_ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*")
# RFC 8941: a bare item (string, boolean, number, token), a parameter, a member of a list.
_VALUE = (
    r"""("(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"|\?[01]|-?[0-9]+(?:\.[0-9]+)?|[A-Za-z*][!#$%&'*+.^_`|~\w:/-]*)"""
)
_PARAMETER = re.compile(rf"\s*;\s*([a-z*][a-z0-9_.*-]*)(?:={_VALUE})?", re.ASCII)
_MEMBER = re.compile(rf"\s*{_VALUE}((?:{_PARAMETER.pattern})*)\s*(,|\Z)", re.ASCII)
_NOT_TEXT = re.compile(r"[^\x20-\x7e]")
_FORWARDED = {"load-failed": "stale", "load-slow": "stale"}
_YEAR = 31_536_000


@dataclass(frozen=True, slots=True)
class Facts:
    """How a cache answered: `how` is hit, stale, loaded or miss; `reason` why it is stale; `tier` where it came from.

    Seconds: `age` since its load began, `ttl` until it is no hit any more (negative when it is stale), `stale_for` for
    how long it may be served after that. `stored`: whether what was loaded was kept (None: nothing was loaded);
    `collapsed`: it waited for somebody else's load.
    """

    how: str
    reason: str | None
    tier: str
    age: float
    ttl: float
    stale_for: float
    tags: tuple[str, ...]
    stored: bool | None
    collapsed: bool


def etag(body: bytes) -> str:
    """A strong validator: equal in every region for equal bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(if_none_match: str | None, tag: str) -> bool:
    """Whether the asker already holds what `tag` validates (weak comparison, as the RFC asks of this header)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag.removeprefix("W/") in {one.removeprefix("W/") for one in _ENTITY_TAG.findall(if_none_match)}


def public(fresh_for: float, stale_for: float, browser: float, *, immutable: bool = False) -> dict[str, str]:
    """Lifetimes for shared caches and browsers, in seconds from now: fresh, stale after that, fresh in a browser.

    Cloudflare takes `s-maxage` for a ban on stale answers (its docs: cache concepts, revalidation), as RFC 9111 has it
    (section 5.2.2.10), so it is given `CDN-Cache-Control`, which it prefers; CloudFront cannot add stale directives, so
    they stand in `Cache-Control`. Without a shorter time for browsers nobody is told `s-maxage`. `immutable`: the
    address names the content, which everybody keeps for a year.
    """
    fresh, stale = _YEAR if immutable else max(0, int(fresh_for)), max(0, int(stale_for))
    own = fresh if immutable else max(0, int(min(fresh, browser)))
    directives = f"stale-while-revalidate={stale}, stale-if-error={stale}" + ", immutable" * immutable
    shared = f", s-maxage={fresh}" * (own < fresh)
    return {
        "Cache-Control": f"public, max-age={own}{shared}, {directives}",
        "CDN-Cache-Control": f"public, max-age={fresh}, {directives}",
    }


def edge_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Those of an entry's tags that a CDN purges by: without `*`, namespace and key."""
    return tuple(dict.fromkeys(tag for tag in tags if tag != EVERYTHING and not tag.startswith(("ns:", "key:"))))


def cache_status(
    *,
    hit: bool,
    forwarded: str | None = None,
    ttl: float | None = None,
    stored: bool | None = None,
    collapsed: bool | None = None,
    key: str | None = None,
    detail: str | None = None,
    cache: str = "wedcache",
) -> str:
    """One member of `Cache-Status`. `forwarded` (why the request went on: miss, stale, bypass ...) excludes `hit`;
    `ttl` is negative for what is stale; `stored` and `collapsed` are said only of what was forwarded.
    """
    said = [cache]
    if hit and forwarded is None:
        said.append("hit")
    elif forwarded is not None:
        said.append(f"fwd={forwarded}")
        if stored is not None:
            said.append("stored" if stored else "stored=?0")
        if collapsed is not None:
            said.append("collapsed" if collapsed else "collapsed=?0")
    if ttl is not None:
        said.append(f"ttl={int(ttl // 1)}")
    if key is not None:
        said.append(f"key={_text(keys.encode(key))}")
    if detail:
        said.append(f"detail={detail if _TOKEN.fullmatch(detail) else _text(detail)}")
    return "; ".join(said)


def status_of(facts: Facts, *, key: str | None = None, cache: str = "wedcache") -> str:
    """The `Cache-Status` member of a cache that handled a request so."""
    if facts.how in ("loaded", "miss") or facts.tier == "edge":
        return cache_status(
            hit=False,
            forwarded="bypass" if facts.how == "loaded" and not facts.tags else "miss",
            ttl=facts.ttl if facts.stored else None,
            stored=facts.stored,
            collapsed=facts.collapsed or None,
            key=key,
            detail=facts.tier if facts.tier == "edge" else None,
            cache=cache,
        )
    forwarded = _FORWARDED.get(facts.reason or "") if facts.how == "stale" else None
    detail = facts.reason or facts.tier
    return cache_status(hit=forwarded is None, forwarded=forwarded, ttl=facts.ttl, key=key, detail=detail, cache=cache)


@dataclass(frozen=True, slots=True)
class CacheStatus:
    """What one cache says of a request in `Cache-Status`: `said` are its parameters, True for one without a value."""

    cache: str
    said: Mapping[str, str | float | bool]

    @property
    def is_stale(self) -> bool:
        """Whether it gave an answer that was fresh no more."""
        ttl = self.said.get("ttl")
        return isinstance(ttl, float) and ttl < 0


def parsed_status(field: str | None) -> tuple[CacheStatus, ...]:
    """The caches that a `Cache-Status` field names, the nearest to the origin first; none of a malformed field."""
    found, place = [], 0
    while field and (member := _MEMBER.match(field, place)):
        rows = ((name, _item(value) if value else True) for name, value in _PARAMETER.findall(member[2]))
        found.append(CacheStatus(str(_item(member[1])), dict(rows)))
        place = member.end()
        if member[member.lastindex or 0] != ",":
            return tuple(found)
    return ()


def is_from_edge(cdn_loop: str | None, via: str | None) -> bool:
    """Whether a request came through a CDN, which waits for its answer and lets all who ask for the same wait too.

    Cloudflare names itself in `CDN-Loop`, as our reader does; CloudFront only in `Via` (Developer Guide, request and
    response behavior for custom origins).
    """
    return bool((cdn_loop or "").strip(" ,")) or "cloudfront" in (via or "").lower()


def directives(header: str | None) -> Mapping[str, str]:
    """A `Cache-Control` header as directive (lower case) to argument (empty for none); the first of two counts."""
    found: dict[str, str] = {}
    for one in (header or "").split(","):
        name, _, argument = one.partition("=")
        if name.strip():
            found.setdefault(name.strip().lower(), argument.strip().strip('"'))
    return found


def _item(text: str) -> str | float | bool:
    """The value of a bare item."""
    if text.startswith('"'):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if text.startswith("?"):
        return text == "?1"
    return float(text) if text[0] in "-0123456789" else text


def _text(text: str) -> str:
    """A structured field's string (RFC 8941, section 3.3.3); what it cannot hold becomes a question mark."""
    escaped = _NOT_TEXT.sub("?", text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
