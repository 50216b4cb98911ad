"""What a region agent works with, and what it has seen so far."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from controlplane.domain.calendar import Calendar
from controlplane.domain.content_update import Carried, ContentUpdate
from controlplane.domain.health import Health, Probe
from controlplane.domain.inventory import Inventory, RegionEntry
from controlplane.domain.lease import Sighting
from controlplane.ports.clock import Clock
from controlplane.ports.control_keys import ControlKeys
from controlplane.ports.edge_store import EdgeStore
from controlplane.ports.owners_updates import OwnersUpdates
from controlplane.ports.purge_log import Purger
from controlplane.ports.shared_store import SharedStore


class Prober(Protocol):
    """Asks a region's health path."""

    def is_healthy(self, region: RegionEntry, timeout: float = 1.0) -> bool:
        """Whether the region answers healthy within `timeout` seconds; never raises."""
        ...


@dataclass
class Tools:
    """The agent's ports. `me` is unique to this process: it holds leases. `tell` writes one line of talk."""

    region: str
    me: str
    inventory: Inventory
    clock: Clock
    store: SharedStore
    edge: EdgeStore
    keys: ControlKeys
    purges: Purger
    prober: Prober
    tell: Callable[[str], None]
    examine: Callable[[], Awaitable[None]] | None = None
    """Looks whether this region's Redis may be used: raises Refused if it may evict the purge log."""
    outside: Callable[[], list[str]] | None = None
    """Looks into the vendors' logs: the changes of the last day that nothing of ours covers, oldest first."""
    adopt: Callable[[], None] | None = None
    """Looks once for operations that were left to this worker, and does them."""
    updates: OwnersUpdates | None = None
    refresh: Callable[[ContentUpdate], Carried] | None = None
    """Carries an owner's update to every POP: raises Unavailable, Incomplete."""
    prepare: Callable[[], None] | None = None
    """Loads what carrying needs, which takes seconds, before anybody waits for it."""
    ask_edges: Callable[[], Mapping[str, bool]] | None = None
    """Asks each CDN for a page that no cache may answer: CDN -> whether anything came back. Silence never raises."""


@dataclass
class Seen:
    """The agent's memory: nothing here is needed after a restart."""

    probes: dict[str, Probe] = field(default_factory=dict)
    edges: dict[str, Probe] = field(default_factory=dict)
    """CDN -> what its POPs answered lately."""
    late: dict[str, float] = field(default_factory=dict)
    """Region -> seconds after which its health path answered, while it answers too late for a probe."""
    down_since: dict[str, datetime] = field(default_factory=dict)
    cache_silent_since: datetime | None = None
    calendar: Calendar | None = None
    calendar_text: str | None = None
    calendar_epoch: int = 0
    roles_epoch: int = 0
    denied_epoch: int = 0
    cache_answers: bool = False
    lease: Sighting | None = None
    holds_lease: bool = False
    asked_at: float | None = None
    """When the lease was last asked for and got, on our monotonic clock."""
    trouble: dict[str, str] = field(default_factory=dict)
    """Duty -> its last error, while it fails."""
    purged: set[str] = field(default_factory=set)
    updated: set[str] = field(default_factory=set)
    refreshed: dict[str, list[float]] = field(default_factory=dict)
    """Wedding -> when its owners' updates of the last minute were begun to be carried, on our monotonic clock."""
    is_prepared: bool = False
    tries: dict[str, int] = field(default_factory=dict)
    looked_at: float = -math.inf
    """When it was last looked for updates that other regions took over."""
    beat: int = 0

    def views(self) -> dict[str, Health]:
        """Region -> what this agent's probes say."""
        return {region: probe.health for region, probe in self.probes.items()}
