"""Regions' agents on fakes: one shared store, one edge store, and a Redis in each region that can be away."""

from __future__ import annotations

from dataclasses import dataclass, field

from controlplane.agent.pushing import LEASE_KEY
from controlplane.agent.world import Tools
from controlplane.domain.calendar_json import CALENDAR_KEY, to_json
from controlplane.domain.inventory import RegionEntry
from controlplane.domain.lease import Lease
from controlplane.domain.purge import PurgeRequest
from controlplane.domain.purge_log import Kind
from controlplane.errors import Unavailable
from controlplane.ports.control_keys import Document
from tests.cache.fakes import FakeControlKeys, FakePurgeLog
from tests.domain.calendars import calendar, wedding
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeEdgeStore
from tests.fakes.inventory import HOME, STANDBY, inventory
from tests.fakes.store import FakeSharedStore


@dataclass
class FakeProber:
    """Regions that answer, or not."""

    down: set[str] = field(default_factory=set)

    def is_healthy(self, region: RegionEntry, timeout: float = 1.0) -> bool:
        return region.name not in self.down


@dataclass
class CutKeys(FakeControlKeys):
    """Control keys whose Redis can be away."""

    is_cut: bool = False

    async def get(self, name: str) -> Document | None:
        self.reach()
        return await super().get(name)

    async def put(self, name: str, document: Document) -> None:
        self.reach()
        await super().put(name, document)

    def reach(self) -> None:
        """Raise while cut."""
        if self.is_cut:
            raise Unavailable("Redis does not answer")


@dataclass
class Scene:
    """Two regions' agents over one shared store and one edge store."""

    store: FakeSharedStore = field(default_factory=FakeSharedStore)
    edge: FakeEdgeStore = field(default_factory=FakeEdgeStore)
    clock: FakeClock = field(default_factory=FakeClock)
    prober: FakeProber = field(default_factory=FakeProber)
    told: list[str] = field(default_factory=list)
    keys: dict[str, CutKeys] = field(default_factory=lambda: {HOME: CutKeys(), STANDBY: CutKeys()})
    logs: dict[str, FakePurgeLog] = field(default_factory=lambda: {HOME: FakePurgeLog(), STANDBY: FakePurgeLog()})

    def tools(self, region: str = HOME, process: str = "1") -> Tools:
        """The tools of one process of a region's agent."""
        return Tools(
            region=region,
            me=f"{region} {process}",
            inventory=inventory(),
            clock=self.clock,
            store=self.store,
            edge=self.edge,
            keys=self.keys[region],
            purges=self.logs[region],
            prober=self.prober,
            tell=self.told.append,
        )

    def publish(self, epoch: int = 3, *names: str) -> None:
        """Publish a calendar of these weddings."""
        made = calendar(*[wedding(name) for name in names or ("como",)], epoch=epoch, at=self.clock.at)
        self.store.registers[CALENDAR_KEY] = to_json(made)

    def lease(self) -> Lease | None:
        """The lease as stored."""
        return Lease.from_json(self.store.registers.get(LEASE_KEY))


def request(identity: str, *tags: str) -> PurgeRequest:
    """A hard purge."""
    return PurgeRequest(id=identity, tags=tags, kind=Kind.HARD, by="laptop", at="2027-06-12T10:00:00Z")
