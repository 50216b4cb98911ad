"""The cache's settings, each with the reason for its default. Durations are seconds of elapsed time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from controlplane.cache.options import Options, Policies
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput

_HOUR = 3600.0
# By annotation: what a setting takes.
_NUMBERS: dict[str, Any] = {"int": int, "float": (int, float)}


@dataclass(frozen=True, slots=True)
class Settings:
    """What one process's cache may use and promise. Raises BadInput for a value that cannot work."""

    # Every entry of this namespace carries its tag, so that a namespace can be purged alone.
    namespace: str = "main"
    # The name under which this process confirms purges; empty: host, process id and a random part. Two living processes
    # must never share one. A stable name lets a restarted process take over its record, so that nobody waits for the
    # dead.
    member: str = ""
    # Memory is bounded by both; 64 MiB is a twentieth of the smallest container that we run.
    max_entries: int = 20_000
    max_bytes: int = 64 * 1024 * 1024
    # Larger values stay in memory only: one 1 MiB answer blocks the read lane for everyone behind it.
    max_value_bytes: int = 1024 * 1024
    # Larger values are compressed (Zstandard): at 1.2 KB that takes 8 us and saves three quarters; below, the time buys
    # little.
    compress_above: int = 1024
    # What callers get of a value that can be changed: "frozen" a copy of their own (immutable values are handed out as
    # they are), "deep" a copy always, "none" the one that the cache keeps.
    copy: str = "frozen"
    # With a copy at hand, a caller waits this long for the loader before it is served the copy.
    soft_timeout: float = 0.3
    # A loader that takes longer has failed.
    hard_timeout: float = 10.0
    # A failed refresh is tried again after this time, per key and process.
    throttle: float = 5.0
    # A None is fresh, and later stale, for at most this long: what is not there now may be there soon.
    absent: float = 30.0
    # Options (see `Options`) of all calls, of those of one tier, and of those that name a profile; a call's own win.
    options: Options = field(default_factory=Options)
    tiers: Mapping[Tier, Options] = field(default_factory=dict)
    profiles: Mapping[str, Options] = field(default_factory=dict)
    # Refreshes per second of what a lost log or blindness made doubtful, so that they never melt the origin.
    refresh_cap: float = 50.0
    # Memory answers no hit when the last answered and applied heartbeat was sent longer ago than this.
    blind_after: float = 2.0
    # The longest that a copy older than the last heartbeat is served at all: bounds the completion of a removal.
    # Personal data has its own, the others outlive the longest window (66 hours) and a night on each side.
    blind_max: float = 96 * _HOUR
    blind_max_erasable: float = 60.0
    # A fill that began longer ago is dropped; a removed key's tombstone stays as long.
    max_fill_delay: float = 120.0
    # No entry physically lives longer, whatever its durations and windows say: a barrier may be forgotten once that has
    # passed since it was raised. It holds the longest window (66 hours), the 96 hours before it and a night.
    max_physical_ttl: float = 8 * 24 * _HOUR
    # How far the database replica that the loaders read may lag behind what was committed; 0: they read the primary. A
    # load begun sooner than that after a purge of its tags may bring the older value, so it is fresh only that long.
    source_lag: float = 0.0
    # Tiers of which one process of the region loads a key while the others wait for its value; they need a `lock`.
    one_load: frozenset[Tier] = frozenset()
    # For how long one process may load for all: then, or if it died, the next one loads. Longer than loads take.
    one_load_for: float = 5.0
    # Fills that wait for the second tier; further ones are dropped and counted.
    max_fills: int = 1_000
    # More reads that wait for the second tier are pressure: fills and refreshes of low are left out, at four times as
    # many those of medium too. The lane answers 1,000 reads in one round trip.
    max_reads_waiting: int = 2_000
    # How long opening waits for the first heartbeat, and closing for running loads and fills.
    start_timeout: float = 1.0
    drain_timeout: float = 2.0

    def __post_init__(self) -> None:
        for field_ in fields(self):
            name, value, kind = field_.name, getattr(self, field_.name), _NUMBERS.get(str(field_.type))
            if kind is not None and (not isinstance(value, kind) or isinstance(value, bool)):
                wanted = "a whole number" if kind is int else "a number of seconds (or, for refresh_cap, a second)"
                raise BadInput(f"cache setting {name} is {value!r}; it must be {wanted}")
            if kind is not None and not (value > 0 and math.isfinite(value)) and (name, value) != ("source_lag", 0):
                raise BadInput(f"cache setting {name} is {value!r}; it must be above zero")
        if wrong := [tier for tier in (*self.one_load, *self.tiers) if not isinstance(tier, Tier)]:
            raise BadInput(f"cache settings one_load and tiers name {wrong[0]!r}; they take members of Tier")
        if self.blind_max_erasable < self.blind_after or self.blind_max < self.blind_max_erasable:
            raise BadInput("cache settings must hold: blind_after <= blind_max_erasable <= blind_max")
        self.policies()

    def policies(self) -> Policies:
        """The options of this cache's calls. Raises BadInput for a wrong one."""
        base = {name: getattr(self, name) for name in ("soft_timeout", "hard_timeout", "throttle", "absent")}
        return Policies(base, self.options, self.tiers, self.profiles)
