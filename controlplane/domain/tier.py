"""Priority tiers: one table for infra (TTL bounds), the cache client, warming, purging and load shedding."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import timedelta


class WriteLevel(enum.Enum):
    """How far a write of a tier's records must have gone before it is acknowledged."""

    STRONG = "strong"
    IMMEDIATE = "immediate"
    EVENTUAL = "eventual"


@dataclass(frozen=True)
class TierProfile:
    """What a tier means. `fresh` is the default fresh TTL; `stale` how long after it a copy may still be served."""

    rank: int
    what: str
    fresh: timedelta
    stale: timedelta
    write_level: WriteLevel


class Tier(enum.Enum):
    """Priority class; `CRITICAL` is warmed, purged and kept first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    # There is one object of each; an Enum's own hash is Python code, and every read hashes its tier.
    __hash__ = object.__hash__

    @property
    def profile(self) -> TierProfile:
        """This tier's row of the table."""
        return PROFILES[self]

    @property
    def rank(self) -> int:
        """0 for the most important tier."""
        return PROFILES[self].rank


# `stale` covers the longest window of one wedding (66 hours at Apia and Pago Pago) and a night on top.
_LONGEST = timedelta(hours=78)

PROFILES: dict[Tier, TierProfile] = {
    Tier.CRITICAL: TierProfile(0, "ceremony data, vendor contracts", timedelta(hours=4), _LONGEST, WriteLevel.STRONG),
    Tier.HIGH: TierProfile(
        1, "guest lists, timelines, vendor messages", timedelta(hours=1), _LONGEST, WriteLevel.IMMEDIATE
    ),
    Tier.MEDIUM: TierProfile(
        2, "vendor profiles, marketplace search", timedelta(minutes=30), _LONGEST, WriteLevel.EVENTUAL
    ),
    Tier.LOW: TierProfile(3, "static assets, general content", timedelta(minutes=5), _LONGEST, WriteLevel.EVENTUAL),
}
