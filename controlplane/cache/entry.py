"""What the cache keeps (`Entry`) and what it answers (`Read`)."""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar, cast

import msgspec

from controlplane.domain import tags as tag_rules
from controlplane.domain.http_caching import Facts, status_of
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier

T = TypeVar("T")

UNSEEN = (-1, 0)


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


class _Shared(NamedTuple):
    """What many entries have in common; `prefix` and the key are the key's own tag (None: that is among the tags)."""

    fresh: float
    stale: float
    life: float
    tier: Tier
    erasable: bool
    prefix: str | None = None
    retry_at: float = 0.0
    refresh_at: float = 0.0


class _Common(Generic[T]):
    """A field of `_Shared`, read and written through an entry."""

    def __set_name__(self, owner: type[Entry], name: str) -> None:
        self._name, self._place = name, _Shared._fields.index(name)

    def __get__(self, entry: Entry, owner: type[Entry]) -> T:
        return cast(T, entry.common[-1][self._place])

    def __set__(self, entry: Entry, value: T) -> None:
        *tags, shared = entry.common
        entry.common = (*tags, shared._replace(**{self._name: value}))


class Entry(msgspec.Struct, eq=False, gc=False):
    """One value in memory.

    `started` is this process's monotonic second at which the value's load began (in whichever process); `fresh`,
    `stale` and `life` are seconds counted from it: hit until `fresh`, stale for `stale` more, physically kept until
    `life`. `tags` include the entry's own. A failed refresh is not repeated before `retry_at`, a blind one not before
    `refresh_at`. `thaw`, if any, makes a caller's own value of what is kept as `value`. `fresh_until` is the monotonic
    second until which memory answers without further thought: the end of `fresh`, or earlier where a refresh ahead or a
    look into Redis is due. `key` is "" until memory has it (see `shelve`). `uses` (hits since memory last looked at the
    count) and `mark` belong to memory: the barriers' generation at which the entry was last found valid (-1: never),
    and memory's epoch of its last use.

    In memory an entry takes 160 bytes with its two times; tags and durations are shared by all that have the same. The
    garbage collector does not look at entries: a value that leads back to its own cache goes when that is closed.
    """

    # A struct, because one is made for every read that the second tier answers: a class of slots takes twice as long.
    key: str
    value: Any
    thaw: Callable[[Any], Any] | None
    as_of: Position
    started: float
    fresh_until: float
    size: int
    mark: tuple[int, int]
    uses: int
    # The tags, and last what is shared with other tags too.
    common: tuple[Any, ...]

    fresh = _Common[float]()
    stale = _Common[float]()
    life = _Common[float]()
    tier = _Common[Tier]()
    erasable = _Common[bool]()
    retry_at = _Common[float]()
    refresh_at = _Common[float]()

    @classmethod
    def of(  # noqa: PLR0913, PLR0917  (a record's fields)
        cls,
        value: Any,
        tags: tuple[str, ...],
        as_of: Position,
        started: float,
        fresh: float,
        stale: float,
        life: float,
        tier: Tier,
        size: int,
        thaw: Callable[[Any], Any] | None = None,
    ) -> Entry:
        """A new one, in no memory yet."""
        common = (*tags, _shared(fresh, stale, life, tier, tag_rules.is_erasable(tags)))
        return cls("", value, thaw, as_of, started, started + fresh, size, UNSEEN, 0, common)

    def __repr__(self) -> str:
        """Without the value, which may be anybody's."""
        return f"Entry({self.key!r}, as_of={self.as_of})"

    @property
    def tags(self) -> tuple[str, ...]:
        """All tags, those that every entry has included."""
        common = self.common
        prefix = common[-1].prefix
        return common[:-1] if prefix is None else (*common[:-1], prefix + self.key)

    def is_fresh(self, now: float) -> bool:
        """Whether its time is not up, and it had begun, at monotonic second `now`."""
        shared: _Shared = self.common[-1]
        return 0.0 <= now - self.started < (shared.fresh if shared.fresh < shared.life else shared.life)

    def shelve(self, key: str) -> None:
        """`key` keeps it from now on: what it has in common with others is kept once for all of them."""
        if self.key:
            return
        *tags, shared = self.common
        if tags and shared.prefix is None and key and tags[-1].startswith("key:") and tags[-1].endswith(key):
            shared = shared._replace(prefix=tags.pop()[: -len(key)])
            self.key = key
        self.common = _once((*tags, _once(shared)))

    def lasting(self, fresh: float, life: float) -> Entry:
        """A copy with other durations, as if just made."""
        copy = Entry.of(
            self.value, self.tags, self.as_of, self.started, fresh, self.stale, life, self.tier, self.size, self.thaw
        )
        copy.retry_at, copy.refresh_at = self.retry_at, self.refresh_at
        return copy

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

    @property
    def cache_status(self) -> str:
        """How the cache handled the read, as one member of the HTTP field `Cache-Status` (RFC 9211)."""
        return status_of(self.facts)


@functools.lru_cache(maxsize=1_024)
def _shared(fresh: float, stale: float, life: float, tier: Tier, erasable: bool) -> _Shared:
    """The one with these."""
    return _Shared(fresh, stale, life, tier, erasable)


@functools.lru_cache(maxsize=4_096)
def _once(known: tuple[Any, ...]) -> Any:
    """The first of those equal to `known`."""
    return known


def common_of(
    namespace: str, own_tags: tuple[str, ...], fresh: float, stale: float, life: float, tier: Tier
) -> tuple[Any, ...]:
    """What entries with these tags and durations have in common, where a key needs no escaping. Raises BadInput."""
    tags, prefix = _checked(namespace, own_tags), tag_rules.key_tag(namespace, "")
    return (*tags, _once(_Shared(fresh, stale, life, tier, tag_rules.is_erasable(tags), prefix)))


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
