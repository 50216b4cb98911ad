"""The options of a call: where each comes from, and what they come to. Pure.

A call's own options win over its named profile, that over the settings' options of the tier, those over the settings'
options for all tiers, those over the tier's own (`domain/tier.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict, cast

from controlplane.cache.durations import Duration, seconds
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput

TIERS = ("memory", "redis", "edge")


class Options(TypedDict, total=False):
    """What a call, a profile or the settings may say about a value.

    `fresh`: for how long it is a hit. `stale`: for how long after that a copy may be served, with a reason. `memory`:
    after how long memory asks Redis again (never, unless given). `absent`: `fresh` and the longest `stale` of a None.
    `jitter`: the share (0 to 1) of `fresh` by which each value's is shortened at random. `refresh_ahead`: how long
    before the end of `fresh` a hit starts a refresh that nobody waits for; after the end too, callers get the copy at
    once. `soft_timeout`: how long a caller with a copy at hand waits for the loader. `hard_timeout`: when a loader has
    failed. `throttle`: when a failed refresh is tried again. `skip`: tiers that are neither read nor written. `public`:
    whoever asks may have the value, so that it may be read through the edge; others never leave memory and Redis.
    `loader`: the name of what the loader asks; after `loader_failures` failed loads of that name in a row, one load is
    tried every `loader_rest`, and the others fail at once.
    """

    fresh: Duration
    stale: Duration
    memory: Duration
    absent: Duration
    jitter: float
    refresh_ahead: Duration
    soft_timeout: Duration
    hard_timeout: Duration
    throttle: Duration
    skip: Iterable[str]
    public: bool
    loader: str
    loader_failures: int
    loader_rest: Duration


class CallOptions(Options, total=False):
    """A call's options: also the name of a profile of the settings."""

    profile: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What the options came to, in seconds. `memory` is infinite and `refresh_ahead` None where not wanted."""

    tier: Tier
    fresh: float
    stale: float
    memory: float
    absent: float
    jitter: float
    refresh_ahead: float | None
    soft_timeout: float
    hard_timeout: float
    throttle: float
    skip: frozenset[str]
    public: bool = False
    loader: str = ""
    loader_failures: int = 5
    loader_rest: float = 5.0
    # Whether memory answers for less than `fresh`, without further thought.
    is_cut: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_cut", self.memory != math.inf or self.refresh_ahead is not None)

    @property
    def uses_memory(self) -> bool:
        """Whether memory is read and written."""
        return "memory" not in self.skip

    @property
    def uses_second(self) -> bool:
        """Whether the second tier is read and written."""
        return "redis" not in self.skip

    @property
    def uses_edge(self) -> bool:
        """Whether the value may be read through the edge."""
        return self.public and "edge" not in self.skip


_DURATIONS = frozenset(Options.__annotations__) - {"jitter", "skip", "public", "loader", "loader_failures"}


def checked(options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """`options` in seconds and sets. Raises BadInput, which names the option and `where` it was given."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        named = f"{where} {name}".strip()
        if name in _DURATIONS:
            found[name] = seconds(value, named)
        elif name == "jitter":
            if not isinstance(value, int | float) or not 0 <= value <= 1:
                raise BadInput(f"{named}={value!r}: it is a share of `fresh`, from 0 to 1")
            found[name] = float(value)
        elif name == "skip":
            found[name] = _skip(value, named)
        elif name == "public":
            found[name] = value is True
        elif name == "loader":
            found[name] = _name(value, named)
        elif name == "loader_failures":
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise BadInput(f"{named}={value!r}: it is a number of failed loads, at least 1")
            found[name] = value
        else:
            raise BadInput(f"{named} is no option; there are {', '.join(sorted(Options.__annotations__))}")
    if not found.get("loader_rest", 1.0) > 0:
        raise BadInput(f"{where} loader_rest is zero: a breaker without a rest would never be open".strip())
    if not found.get("hard_timeout", 1.0) > 0:
        raise BadInput(f"{where} hard_timeout is zero: no loader could ever answer".strip())
    return found


def _name(value: Any, named: str) -> str:
    """The name of what a loader asks; "" for none."""
    if not isinstance(value, str):
        raise BadInput(f"{named}={value!r}: it is the name of what the loader asks, as 'menu-service'")
    return value


def _skip(names: Iterable[str], named: str) -> frozenset[str]:
    """A set of tier names."""
    wanted = frozenset([names] if isinstance(names, str) else names)
    if unknown := sorted(wanted - set(TIERS)):
        raise BadInput(f"{named}: there is no tier {unknown[0]!r}; there are {', '.join(TIERS)}")
    return wanted


class Policies:
    """Resolves options; what needs no per-call option is resolved once (`plain`, by tier)."""

    def __init__(
        self,
        base: Mapping[str, Any],
        options: Mapping[str, Any],
        tiers: Mapping[Tier, Mapping[str, Any]],
        profiles: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """`base`: soft_timeout, hard_timeout, throttle and absent, which no tier has. Raises BadInput."""
        self._profiles = {name: checked(given, f"profile {name!r}:") for name, given in profiles.items()}
        self._tiers: dict[Tier, dict[str, Any]] = {}
        for tier in Tier:
            self._tiers[tier] = {
                "memory": math.inf,
                "jitter": 0.0,
                "refresh_ahead": None,
                "skip": frozenset(),
                "fresh": tier.profile.fresh.total_seconds(),
                "stale": tier.profile.stale.total_seconds(),
                **base,
                **checked(options, "settings:"),
                **checked(tiers.get(tier, {}), f"settings, tier {tier.value}:"),
            }
        self.plain = {tier: Policy(tier, **resolved) for tier, resolved in self._tiers.items()}

    def skips_memory(self, given: CallOptions) -> bool:
        """Whether a call with these options must not look into memory. Raises BadInput for an unknown profile."""
        if "skip" not in given and "profile" not in given:
            return False
        return not self.of(Tier.MEDIUM, given).uses_memory

    def of(self, tier: Tier, given: CallOptions | Mapping[str, Any] | None = None) -> Policy:
        """The policy of a call. Raises BadInput for a wrong option, an unknown profile or what is no tier."""
        try:
            plain = self.plain[tier]
        except KeyError:
            raise BadInput(f"tier={tier!r} is no member of Tier", next_step="Give, say, tier=Tier.HIGH.") from None
        if not given:
            return plain
        own: dict[str, Any] = dict(cast("Mapping[str, Any]", given))
        name = own.pop("profile", None)
        if name is not None and name not in self._profiles:
            known = ", ".join(sorted(self._profiles)) or "none"
            raise BadInput(f"there is no profile {name!r} in the cache's settings; known: {known}")
        profile = self._profiles[name] if name is not None else {}
        return Policy(tier, **{**self._tiers[tier], **profile, **checked(own, "")})
