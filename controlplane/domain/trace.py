"""Who answered a request, and why: headers in words, and the first place that gives something else. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from controlplane.domain.http_caching import BORN, STATUS, TAGS, CacheStatus, parsed_status

_TIERS = {"memory": "its memory", "redis": "the region's Redis", "edge": "another CDN's copy"}
_DENIED, _LOCKED = 410, 423


@dataclass(frozen=True)
class Answered:
    """One answer: `place` is a POP or a region, `tier` edge or origin; `status` 0 where nothing came (`error`)."""

    tier: str
    place: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    cache: str
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class Hop:
    """What is told of one place. Ages in seconds; `body` is the start of the body's SHA-256, `why` a sentence."""

    tier: str
    place: str
    status: int
    why: str
    region: str | None
    age: float | None
    born: str | None
    tags: tuple[str, ...]
    policy: str | None
    cache_status: str | None
    body: str | None
    bytes: int
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "tags": list(self.tags)}


def hop(answer: Answered, taken_down: str | None) -> Hop:
    """One answer in words; `taken_down` is the takedown that covers the URL."""
    headers = answer.headers
    tags = headers.get(TAGS.lower()) or headers.get("cache-tag") or ""
    age = headers.get("age", "")
    return Hop(
        tier=answer.tier,
        place=answer.place,
        status=answer.status,
        why=_why(answer, taken_down),
        region=headers.get("x-wedcache-region"),
        age=float(age) if age.isdecimal() else None,
        born=headers.get(BORN.lower()),
        tags=tuple(tag for tag in tags.split(",") if tag),
        policy=headers.get("cache-control"),
        cache_status=headers.get(STATUS.lower()),
        body=hashlib.sha256(answer.body).hexdigest()[:16] if answer.status else None,
        bytes=len(answer.body),
        seconds=round(answer.seconds, 3),
    )


def first_other(hops: Sequence[Hop]) -> tuple[Hop, Hop] | None:
    """The first place that gives another body than the first place that answered 200, and that one; None: all agree."""
    whole = [one for one in hops if one.status == 200]
    return next(((one, whole[0]) for one in whole if one.body != whole[0].body), None)


def _why(answer: Answered, taken_down: str | None) -> str:
    if not answer.status:
        return f"no answer: {answer.error}"
    region = answer.headers.get("x-wedcache-region")
    if answer.status == _DENIED and taken_down is not None:
        who = f"origin {region}" if region else "the edge itself"
        return f"{who} denies it: {taken_down} was taken down"
    if answer.status == _LOCKED:
        return f"the edge closes operators' paths in the window {answer.headers.get('x-wedcache-freeze', 'unknown')}"
    if answer.tier == "origin":
        return _of_origin(answer.place, answer.headers)
    return _of_edge(answer, region)


def _of_edge(answer: Answered, region: str | None) -> str:
    age = answer.headers.get("age")
    old = f", {age} s old" if age else ""
    filled = f"; it came from origin {region}" if region else ""
    if answer.cache == "HIT":
        return f"the POP's own copy{old}{filled}"
    if answer.cache in ("STALE", "UPDATING", "REFRESHED", "REVALIDATED"):
        return f"the POP's own copy, no longer fresh{old}{filled}"
    if region is None:
        return f"the CDN itself, with {answer.status}: no origin answered"
    kept = "it is never kept at the edge" if answer.cache in ("DYNAMIC", "BYPASS") else "the POP had no copy here"
    return f"{kept}: {_of_origin(region, answer.headers)}"


def _of_origin(region: str, headers: Mapping[str, str]) -> str:
    ours = [one for one in parsed_status(headers.get(STATUS.lower())) if one.cache == "wedcache"]
    return f"origin {region} answered{_from(ours[0]) if ours else ', past its cache'}"


def _from(said: CacheStatus) -> str:
    detail = str(said.said.get("detail", ""))
    if said.said.get("hit"):
        return f" from {_TIERS.get(detail, detail or 'its cache')}"
    if said.said.get("fwd") == "stale" or said.is_stale:
        return f" with a stale copy ({detail or 'unknown'})"
    return " by loading it"
