"""What one cache is made of, and the terms of one call."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from controlplane.cache.barriers import Barriers
from controlplane.cache.coding import Coding
from controlplane.cache.follow import Follower
from controlplane.cache.memory import Memory
from controlplane.cache.settings import Settings
from controlplane.cache.shared import SharedTier
from controlplane.cache.stats import Stats
from controlplane.domain.tier import Tier
from controlplane.ports.clock import Clock
from controlplane.ports.windows import Windows


@dataclass(frozen=True, slots=True)
class Terms:
    """How one call wants its key cached: tier, tags (its own and all), durations (None: the tier's), value type."""

    tier: Tier
    own_tags: tuple[str, ...]
    tags: tuple[str, ...]
    fresh: timedelta | None
    stale: timedelta | None
    as_type: type[Any] | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What the read path works with."""

    settings: Settings
    clock: Clock
    memory: Memory
    barriers: Barriers
    follower: Follower
    shared: SharedTier | None
    windows: Windows | None
    stats: Stats
    coding: Coding
