"""Keeping: a value becomes an entry, and goes to the tiers that its call wants."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Any

from controlplane.cache.ahead import answers_until, jittered
from controlplane.cache.barriers import Standing
from controlplane.cache.durations import seconds
from controlplane.cache.entry import Entry, all_tags
from controlplane.cache.judged import JudgedMemory
from controlplane.cache.load import Load
from controlplane.cache.options import Policy
from controlplane.cache.parts import Parts, Terms
from controlplane.cache.settling import settled
from controlplane.domain.purge_log import Position


@dataclass(frozen=True, slots=True)
class Made:
    """An entry, its value's bytes (None: it cannot leave this process), its own tags, whether it may be stored.

    `since`: the monotonic second of its as-of where that is not when its load began (a copy that the edge had).
    """

    entry: Entry
    payload: bytes | None
    own_tags: tuple[str, ...]
    keepable: bool
    since: float | None = None


class Keeping:
    """Makes entries of values and stores them."""

    def __init__(self, parts: Parts, judged: JudgedMemory) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._monotonic = parts.clock.monotonic
        self._stats = parts.stats
        self._judged = judged

    def make(self, value: Any, terms: Terms, as_of: Position, started: float, context: Load) -> Made:
        """The entry, not yet stored. Raises BadInput for a wrong `ttl` or tag of the context."""
        policy = terms.policy
        own_tags = tuple(dict.fromkeys((*terms.own_tags, *context.tags)))
        tags = all_tags(self._settings.namespace, context.key, own_tags) if context.tags else terms.tags
        fresh, stale = self._durations(value, policy, context)
        raised_at = self._parts.barriers.raised_at(tags)
        fresh = settled(fresh, started=started, raised_at=raised_at, source_lag=self._settings.source_lag)
        longest = self._settings.max_physical_ttl
        fresh, life = min(fresh, longest), min(self._judged.life(tags, fresh + stale), longest)
        payload = self._parts.coding.encode(value)
        if payload is None:
            self._stats.unencodable += 1
        size = len(payload) if payload is not None else sys.getsizeof(value)
        kept = self._parts.coding.keep(value, payload, terms.as_type)
        if kept is None:
            self._stats.uncopyable += 1
        mine, thaw = kept or (value, None)
        entry = Entry.of(mine, tags, as_of, started, fresh, stale, life, policy.tier, size, thaw=thaw)
        now = self._monotonic()
        entry.fresh_until = self.answers_until(entry, policy, took=now - started)
        if now > self._parts.follower.blind_at:
            entry.refresh_at = now + policy.throttle
        keepable = kept is not None and fresh > 0 and not context.is_skipped
        return Made(entry, payload, own_tags, keepable)

    def store(self, key: str, made: Made, policy: Policy) -> bool:
        """Into both tiers, unless a purge of its tags came since its load began; whether it was."""
        entry = made.entry
        if not made.keepable or self._parts.barriers.standing(entry.tags, entry.as_of) is not Standing.VALID:
            self._stats.loads_not_stored += 1
            return False
        if policy.uses_memory:
            self._parts.memory.put(key, entry)
        if self._parts.shared is not None and made.payload is not None and policy.uses_second:
            self._parts.shared.fill(key, entry, made.payload, made.own_tags, made.since)
        return True

    def answers_until(self, entry: Entry, policy: Policy, *, took: float = 0.0) -> float:
        """Until when memory answers this entry without further thought."""
        if policy.refresh_ahead is None and policy.memory == math.inf:
            return entry.started + entry.fresh
        return answers_until(
            policy,
            started=entry.started,
            fresh=entry.fresh,
            now=self._monotonic(),
            took=took,
            draw=self._parts.draw(),
        )

    def _durations(self, value: Any, policy: Policy, context: Load) -> tuple[float, float]:
        """Fresh and stale seconds: the loader's `ttl` wins; nothing is known for longer than `absent` to be None."""
        if context.ttl is not None:
            fresh = seconds(context.ttl, f"ttl of {context.key!r}")
        else:
            fresh = jittered(policy.fresh, policy.jitter, self._parts.draw())
        if value is None:
            return min(fresh, policy.absent), min(policy.stale, policy.absent)
        return fresh, policy.stale
