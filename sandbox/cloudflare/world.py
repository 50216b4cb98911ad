"""Everything that the emulator remembers of one account, in memory, changed by handlers and probes only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.cloudflare.answers import Json, VendorRefusal
from sandbox.cloudflare.limits import Plan
from sandbox.cloudflare.permissions import Token
from sandbox.cloudflare.throttle import CallWindow, TokenBucket

PURGES_KEPT = 10_000


@dataclass
class Zone:
    """One zone: its row as the API shows it, and what belongs to it."""

    row: Json
    settings: dict[str, Json] = field(default_factory=dict)
    switches: dict[str, Json] = field(default_factory=dict)
    records: dict[str, Json] = field(default_factory=dict)
    rulesets: dict[str, Json] = field(default_factory=dict)
    load_balancers: dict[str, Json] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The zone's domain name."""
        return str(self.row["name"])


@dataclass
class OriginHealth:
    """What the monitor knows of one origin. `healthy` None: not probed yet."""

    healthy: bool | None = None
    passes: int = 0
    failures: int = 0
    reason: str = "No failures"
    code: int | None = None
    seconds: float = 0.0


def _nobody() -> None:
    """Nobody listens yet."""


@dataclass
class World:
    """The account's state. `seq` grows with every change that a POP must learn of; `on_change` is told of each."""

    account: Json
    user_id: str
    plan: Plan
    new_id: Callable[[], str]
    new_secret: Callable[[], str]
    zones: dict[str, Zone] = field(default_factory=dict)
    pools: dict[str, Json] = field(default_factory=dict)
    monitors: dict[str, Json] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    health: dict[str, dict[str, OriginHealth]] = field(default_factory=dict)
    purges: list[Json] = field(default_factory=list)
    acks: dict[str, int] = field(default_factory=dict)
    audit: list[Json] = field(default_factory=list)
    windows: dict[str, CallWindow] = field(default_factory=dict)
    buckets: dict[str, TokenBucket] = field(default_factory=dict)
    seq: int = 1
    on_change: Callable[[], None] = _nobody

    def touch(self) -> int:
        """Count a change and tell the listener; returns the new seq."""
        self.seq += 1
        self.on_change()
        return self.seq

    def zone(self, zone_id: str) -> Zone:
        """The zone. Raises VendorRefusal (404, 1001) where there is none."""
        if zone_id not in self.zones:
            raise VendorRefusal(404, 1001, "Invalid zone identifier")
        return self.zones[zone_id]

    def remember_purge(self, purge: Json) -> None:
        """Queue a purge for the POPs under the next seq, keeping the newest ones."""
        self.purges.append({"seq": self.seq + 1, **purge})
        del self.purges[:-PURGES_KEPT]
