"""Refreshing behind the callers' backs: once per throttle and key, under the cap, and not under pressure."""

from __future__ import annotations

from typing import Any

from controlplane.cache.cap import RefreshCap
from controlplane.cache.entry import Entry
from controlplane.cache.load import Loader
from controlplane.cache.loading import Loading
from controlplane.cache.parts import Parts, Terms
from controlplane.cache.shedding import sheds
from controlplane.domain.tier import Tier


class Refreshing:
    """Decides which refreshes are made."""

    def __init__(self, parts: Parts, loading: Loading) -> None:
        self._monotonic = parts.clock.monotonic
        self._shared = parts.shared
        self._stats = parts.stats
        self._most_waiting = parts.settings.max_reads_waiting
        self._loading = loading
        self._cap = RefreshCap(parts.settings.refresh_cap)

    def behind(self, key: str, load: Loader[Any], terms: Terms, entry: Entry, *, capped: bool) -> None:
        """Start a flight that nobody waits for, unless one is under way, was tried lately, or is left out."""
        now = self._monotonic()
        if now < max(entry.refresh_at, entry.retry_at) or self._loading.joinable(key, terms):
            return
        if self.is_shed(terms.policy.tier):
            return
        entry.refresh_at = now + terms.policy.throttle
        if not capped or self.has_room(now):
            self._loading.join(key, load, terms, entry, bare=False)

    def has_room(self, now: float) -> bool:
        """Whether one more refresh of what became doubtful may begin."""
        if self._cap.take(now):
            return True
        self._stats.capped += 1
        return False

    def is_shed(self, tier: Tier) -> bool:
        """Whether a refresh of this tier is left out, because Redis is under pressure and the database soon will be."""
        if self._shared is None or not sheds(tier, self._shared.pressure(), self._most_waiting):
            return False
        self._stats.refreshes_shed += 1
        return True
