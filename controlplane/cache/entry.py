"""What the cache keeps (`Entry`) and what it answers (`Read`)."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from controlplane.domain import tags as tag_rules
from controlplane.domain.http_caching import Facts
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier

T = TypeVar("T")


class Status(enum.Enum):
    """How an answer came about."""

    HIT = "hit"
    STALE = "stale"
    LOADED = "loaded"
    MISS = "miss"


class Reason(enum.Enum):
    """Why a stale value was served; the list is complete."""

    REFRESHING = "refreshing"
    LOAD_FAILED = "load-failed"
    LOAD_SLOW = "load-slow"
    SOFT_PURGED = "soft-purged"
    BLIND = "blind"
    SATURDAY = "saturday"


@dataclass(slots=True)
class Entry:
    """One value in memory.

    `started` is this process's monotonic second at which the value's load began (in whichever process); `fresh`,
    `stale` and `life` are seconds counted from it: hit until `fresh`, stale for `stale` more, physically kept until
    `life`. `tags` include the entry's own. `checked` is the barriers' generation at which it was last found valid; a
    failed refresh is not repeated before `retry_at`, a blind one not before `refresh_at`. `thaw`, if any, makes
    a caller's own value of what is kept as `value`. `fresh_until` is the monotonic second until which memory answers
    without further thought: the end of `fresh`, or earlier where a refresh ahead or a look into Redis is due.
    `uses` (hits since memory last looked at the count) and `used` (memory's epoch of the last one) belong to memory.
    """

    value: Any
    tags: tuple[str, ...]
    as_of: Position
    started: float
    fresh: float
    stale: float
    life: float
    tier: Tier
    size: int
    thaw: Callable[[Any], Any] | None = None
    erasable: bool = False
    checked: int = -1
    fresh_until: float = 0.0
    retry_at: float = 0.0
    refresh_at: float = 0.0
    uses: int = 0
    used: int = 0

    def __post_init__(self) -> None:
        self.fresh_until = self.started + self.fresh
        self.erasable = tag_rules.is_erasable(self.tags)

    def own(self) -> Any:
        """The value for one caller, who may do with it as he likes."""
        return self.value if self.thaw is None else self.thaw(self.value)

    def outlasts(self, other: Entry) -> bool:
        """Whether it is fresh for longer, by more than the millisecond to which Redis keeps times."""
        return self.started + self.fresh > other.started + other.fresh + 0.01

    def is_newer_than(self, other: Entry) -> bool:
        """Whether this one's load began later (same epoch: by what it had applied; then by time)."""
        if self.as_of.epoch == other.as_of.epoch and self.as_of.n != other.as_of.n:
            return self.as_of.n > other.as_of.n
        return self.started > other.started


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """One answer: the value (None for a miss), how it came, why if stale, from which tier, and its age in seconds.

    `tier` is "memory", "redis" or "loader", or "" for a miss. Age counts from when the load began.
    `stored`: whether what was loaded was kept (None: nothing was loaded); `collapsed`: it waited for somebody else's
    load.
    """

    value: T | None
    status: Status
    reason: Reason | None
    tier: str
    age: float
    entry: Entry | None = field(default=None, repr=False, compare=False)
    stored: bool | None = None
    collapsed: bool = False

    @property
    def ttl(self) -> float:
        """Seconds until the value is no hit any more; negative, or 0 for a purged one, when it is stale."""
        left = 0.0 if self.entry is None else self.entry.fresh - self.age
        return min(left, 0.0) if self.status is Status.STALE else left

    @property
    def stale_for(self) -> float:
        """Seconds for which a copy may be served after that."""
        return 0.0 if self.entry is None else self.entry.stale

    @property
    def tags(self) -> tuple[str, ...]:
        """All the value's tags, those that its loader learned and those that every entry has included."""
        return () if self.entry is None else self.entry.tags

    @property
    def facts(self) -> Facts:
        """How the answer came about, as HTTP is told of it."""
        reason = None if self.reason is None else self.reason.value
        return Facts(
            self.status.value,
            reason,
            self.tier,
            self.age,
            self.ttl,
            self.stale_for,
            self.tags,
            self.stored,
            self.collapsed,
        )


def all_tags(namespace: str, key: str, tags: Iterable[str]) -> tuple[str, ...]:
    """The caller's tags, checked, and those that every entry has: `*`, its namespace, its key. Raises BadInput."""
    return (*_checked(namespace, tuple(tags)), tag_rules.key_tag(namespace, key))


@functools.lru_cache(maxsize=16_384)
def _checked(namespace: str, tags: tuple[str, ...]) -> tuple[str, ...]:
    """All but the key's own; remembered, because entries share them, and every read from Redis asks."""
    own = (tag_rules.CacheTag(tag) for tag in tags)
    return (*own, tag_rules.EVERYTHING, tag_rules.namespace_tag(namespace))


def own_tags_of(tags: Iterable[str]) -> tuple[str, ...]:
    """An entry's tags without those that every entry has."""
    return tuple(tag for tag in tags if tag != tag_rules.EVERYTHING and not tag.startswith(("ns:", "key:")))
