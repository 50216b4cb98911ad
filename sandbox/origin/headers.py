"""The headers of a cacheable answer, for caches of both vendors (pure).

No `s-maxage`: on Cloudflare it switches stale-while-revalidate and stale-if-error off (Cloudflare docs, cache
concepts: revalidation). CloudFront cannot add the stale directives at the edge, so the origin always sends them
(CloudFront developer guide: modifying response headers).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from controlplane.domain.tier import Tier

YEAR = 31_536_000
PERSONAL = {"Cache-Control": "private, no-store"}


@dataclass(frozen=True)
class Copy:
    """What a cacheable answer holds. `born`: calendar time (unix seconds) at which its load began."""

    body: bytes
    content_type: str
    version: int
    born: float


def etag(body: bytes) -> str:
    """A strong validator: equal in both regions for equal content."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def cache_control(tier: Tier, *, immutable: bool = False) -> str:
    """Fresh and stale lifetimes from the tier table; what carries a fingerprint in its name never changes."""
    profile = tier.profile
    stale = int(profile.stale.total_seconds())
    fresh = YEAR if immutable else int(profile.fresh.total_seconds())
    parts = ["public", f"max-age={fresh}", f"stale-while-revalidate={stale}", f"stale-if-error={stale}"]
    return ", ".join(parts + ["immutable"] * immutable)


def cacheable(copy: Copy, tier: Tier, tags: Iterable[str], region: str, *, immutable: bool = False) -> dict[str, str]:
    """Every header that the edge, the purge and the witnesses need, beside the content type."""
    return {
        "Cache-Control": cache_control(tier, immutable=immutable),
        "Cache-Tag": ",".join(tags),
        "ETag": etag(copy.body),
        "X-Wedcache-Born": f"{copy.born:.3f}",
        "X-Wedcache-Region": region,
        "X-Wedcache-Version": str(copy.version),
    }


def not_modified(if_none_match: str | None, tag: str) -> bool:
    """Whether the asker already holds this content (weak comparison, RFC 9110 section 13.1.2)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    return tag in {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
