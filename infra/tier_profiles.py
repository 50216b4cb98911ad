"""Tier -> what it means in the clouds' own terms."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.domain.tier import Tier

CONTENT: dict[str, Tier] = {
    "/travel": Tier.HIGH,
    "/photos/*": Tier.LOW,
    "/static/*": Tier.LOW,
    "/gallery*": Tier.MEDIUM,
}
"""Path pattern of a wedding's site -> tier of what is there; everything else is ceremony data (critical)."""


@dataclass(frozen=True)
class EdgeTtl:
    """A CloudFront cache policy's bounds, in seconds.

    The origin's max-age decides freshness; `longest` is the cap on stale content too (CloudFront Developer Guide,
    "Manage how long content stays in the cache": both directives last at most the policy's maximum TTL).
    """

    shortest: int
    default: int
    longest: int


def edge_ttl(tier: Tier) -> EdgeTtl:
    """The bounds of a tier's cache policy. MinTTL stays 0: more would cache `private` and `no-store` answers."""
    profile = tier.profile
    fresh = int(profile.fresh.total_seconds())
    return EdgeTtl(shortest=0, default=fresh, longest=fresh + int(profile.stale.total_seconds()))
