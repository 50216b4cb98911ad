"""The region agent on fakes: what it pushes, fences, delivers and survives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from controlplane.agent.loop import DUTIES, Beat, live, say_alive
from controlplane.agent.probing import probe_regions
from controlplane.agent.purging import apply_purges
from controlplane.agent.pushing import (
    CALENDAR_KEY,
    LEASE_KEY,
    give_lease_back,
    push_calendar,
    push_edge,
    push_roles,
)
from controlplane.agent.world import Seen, Tools
from controlplane.domain.calendar_json import to_json
from controlplane.domain.health import Health
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.domain.inventory import RegionEntry
from controlplane.domain.lease import TTL_SECONDS, Lease
from controlplane.domain.purge import PurgeRequest, receipt_key, request_key
from controlplane.domain.purge_log import Kind
from controlplane.domain.roles import ROLES_KEY, Roles, without
from controlplane.errors import LeaseLost, Refused, Unavailable
from controlplane.ports.control_keys import CALENDAR, REGION, Document
from tests.cache.fakes import FakeControlKeys, FakePurgeLog
from tests.cache.scene import in_loop, until
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


@in_loop
async def test_calendar_and_roles_reach_the_regions_redis() -> None:
    """Both documents lie under their control keys with the store's epochs, also after Redis lost everything."""
    scene, seen = Scene(), Seen()
    scene.publish(epoch=3)
    scene.store.registers[ROLES_KEY] = without(Roles(epoch=1, home=HOME), HOME, STANDBY, 2).to_json()
    for _ in range(2):
        await push_calendar(scene.tools(), seen)
        await push_roles(scene.tools(), seen)
        held = scene.keys[HOME].documents
        assert (held[CALENDAR].epoch, held[CALENDAR].body["schema"]) == (3, "wedcache.calendar/1")
        assert held[REGION] == Document(2, {"epoch": 2, "home": STANDBY, "down": [HOME], "drain": True})
        scene.keys[HOME].documents.clear()
    assert (seen.calendar_epoch, seen.roles_epoch) == (3, 2)
    assert scene.told == ["calendar epoch 3: pushing to Redis", f"roles epoch 2: home {STANDBY}, down {HOME}"]


@in_loop
async def test_a_lower_epoch_is_refused_and_history_never_reaches_the_edge() -> None:
    """Redis holds a later calendar than the store shows: nothing is overwritten, and the edge gets no old windows."""
    scene, seen = Scene(), Seen()
    scene.keys[HOME].documents[CALENDAR] = Document(9, {"schema": "wedcache.calendar/1"})
    scene.publish(epoch=3)
    with pytest.raises(Refused, match="epoch 9"):
        await push_calendar(scene.tools(), seen)
    await push_edge(scene.tools(), seen)
    assert scene.keys[HOME].documents[CALENDAR].epoch == 9
    assert scene.edge.writes == []
    assert seen.calendar_epoch == 0


@in_loop
async def test_a_redis_that_is_away_does_not_keep_the_edge_waiting() -> None:
    """The key value store is another tier: it gets the calendar although this region's Redis cannot."""
    scene, seen = Scene(), Seen()
    scene.publish()
    scene.keys[HOME].is_cut = True
    with pytest.raises(Unavailable):
        await push_calendar(scene.tools(), seen)
    await push_edge(scene.tools(), seen)
    assert list(scene.edge.keys) == ["freeze:como.weddings.example"]


@in_loop
async def test_edge_keys_are_differences_only_in_writes_of_fifty() -> None:
    """A hundred and twenty hosts take three writes, a second push none, a host that is gone a deletion."""
    scene, seen = Scene(), Seen()
    scene.publish(1, *[f"w{number}" for number in range(120)])
    await push_calendar(scene.tools(), seen)
    await push_edge(scene.tools(), seen)
    assert [len(write) for write in scene.edge.writes] == [50, 50, 20]
    await push_edge(scene.tools(), seen)
    assert len(scene.edge.writes) == 3
    scene.edge.keys["route"] = "us-east-1.origin.weddings.example"
    scene.publish(2, *[f"w{number}" for number in range(119)])
    await push_calendar(scene.tools(), seen)
    await push_edge(scene.tools(), seen)
    assert scene.edge.writes[3] == {"freeze:w119.weddings.example": None}
    assert "route" in scene.edge.keys


@in_loop
async def test_one_holds_the_lease_and_another_takes_it_after_the_ttl() -> None:
    """A second process of the home region watches; when the first dies it takes over one TTL after the last renewal."""
    scene, first, second = Scene(), Seen(), Seen()
    one, other, standby = scene.tools(process="1"), scene.tools(process="2"), scene.tools(STANDBY)
    await push_edge(one, first)
    for _ in range(4):
        scene.clock.pause(2.0)
        await push_edge(one, first)
        await push_edge(other, second)
        await push_edge(standby, seen := Seen())
        assert (first.holds_lease, second.holds_lease, seen.holds_lease) == (True, False, False)
    waited = 0.0
    while not second.holds_lease:
        scene.clock.pause(0.5)
        waited += 0.5
        await push_edge(other, second)
    assert waited == TTL_SECONDS
    assert scene.lease() == Lease("eu-central-1 2", 6)
    await push_edge(one, first)
    assert not first.holds_lease


@in_loop
async def test_an_agent_that_was_stopped_while_it_held_the_lease_writes_nothing() -> None:
    """Woken between the edge store's read and its write, after the TTL: the write does not happen."""
    scene, seen = Scene(), Seen()
    scene.publish()
    await push_calendar(scene.tools(), seen)
    scene.edge.between = lambda: scene.edge.write({"freeze:other": "[]"})
    scene.edge.after = lambda: scene.clock.pause(TTL_SECONDS)
    with pytest.raises(LeaseLost, match="held too long ago"):
        await push_edge(scene.tools(), seen)
    assert scene.edge.keys == {"freeze:other": "[]"}


@in_loop
async def test_a_lease_that_is_given_back_is_free_at_once() -> None:
    """SIGTERM leaves nobody waiting; somebody else's lease is not given back."""
    scene, first, second = Scene(), Seen(), Seen()
    await push_edge(scene.tools(process="1"), first)
    await give_lease_back(scene.tools(process="1"), first)
    await push_edge(scene.tools(process="2"), second)
    assert second.holds_lease
    first.holds_lease = True
    await give_lease_back(scene.tools(process="1"), first)
    assert scene.lease() == Lease("eu-central-1 2", 3)


def request(identity: str, *tags: str) -> PurgeRequest:
    """A hard purge."""
    return PurgeRequest(id=identity, tags=tags, kind=Kind.HARD, by="laptop", at="2027-06-12T10:00:00Z")


@in_loop
async def test_a_purge_is_delivered_once_per_region_also_over_a_restart() -> None:
    """Each region's log gets it once; a new process finds the receipt."""
    scene = Scene()
    scene.store.objects[request_key("p1")] = request("p1", "wedding:como").to_json()
    for process in ("1", "2"):
        for region in (HOME, STANDBY):
            seen = Seen()
            for _ in range(2):
                await apply_purges(scene.tools(region, process), seen)
    assert [len(log.purges) for log in scene.logs.values()] == [1, 1]
    assert receipt_key("p1", STANDBY) in scene.store.objects


@in_loop
async def test_a_request_that_cannot_be_read_yet_is_not_forgotten() -> None:
    """Its name may be seen in one bucket before two of them answer with the object: the next beat delivers it."""
    scene, seen = Scene(), Seen()
    text = request("p1", "wedding:como").to_json()
    scene.store.registers[request_key("p1")] = ""  # listed, but no object yet
    await apply_purges(scene.tools(), seen)
    assert not scene.logs[HOME].purges
    scene.store.objects[request_key("p1")] = text
    await apply_purges(scene.tools(), seen)
    assert len(scene.logs[HOME].purges) == 1


@in_loop
async def test_a_request_that_is_none_stops_no_other() -> None:
    """Garbage and tags that are none are told once and left alone; what comes after them is delivered."""
    scene, seen = Scene(), Seen()
    scene.store.objects[request_key("a")] = "garbage"
    scene.store.objects[request_key("b")] = request("b", "no-tag").to_json()
    scene.store.objects[request_key("c")] = request("c", "wedding:como").to_json()
    for _ in range(2):
        await apply_purges(scene.tools(), seen)
    assert [purge.tags for purge in scene.logs[HOME].purges] == [("wedding:como",)]
    assert sum("is not one and is left alone" in line for line in scene.told) == 2


@in_loop
async def test_a_purge_waits_for_a_redis_that_is_away() -> None:
    """Nothing is confirmed before the log has it."""
    scene, seen = Scene(), Seen()
    scene.store.objects[request_key("p1")] = request("p1", "wedding:como").to_json()
    scene.logs[HOME].is_cut = True
    with pytest.raises(Unavailable):
        await apply_purges(scene.tools(), seen)
    assert receipt_key("p1", HOME) not in scene.store.objects
    scene.logs[HOME].is_cut = False
    await apply_purges(scene.tools(), seen)
    assert receipt_key("p1", HOME) in scene.store.objects


@in_loop
async def test_probes_and_heartbeat_say_what_is_seen() -> None:
    """Three failed probes call a region down; the beat counts on from what a predecessor wrote."""
    scene, seen = Scene(), Seen()
    scene.prober.down = {STANDBY}
    for _ in range(3):
        await probe_regions(scene.tools(), seen)
    seen.trouble["calendar"] = "cannot be read"
    await say_alive(scene.tools(), seen)
    beat = Heartbeat.from_json(scene.store.objects[heartbeat_key(HOME)])
    assert beat.views == {HOME: Health.UP, STANDBY: Health.DOWN}
    assert (beat.beat, beat.cache_answers, beat.trouble) == (1, True, {"calendar": "cannot be read"})
    assert scene.told == [f"{HOME} is up as seen from {HOME}", f"{STANDBY} is down as seen from {HOME}"]
    await say_alive(scene.tools(process="2"), Seen())
    assert Heartbeat.from_json(scene.store.objects[heartbeat_key(HOME)]).beat == 2


def failing(errors: list[Exception | None]) -> Callable[[Tools, Seen], Awaitable[None]]:
    """A duty that goes through `errors`, then works."""

    async def duty(_: Tools, __: Seen) -> None:
        error = errors.pop(0) if errors else None
        if error is not None:
            raise error

    return duty


@in_loop
async def test_no_error_ends_the_agent_and_each_is_told_once() -> None:
    """Unavailable, Refused and a defect of ours: the duty goes on, the other duties too, the heartbeat carries it."""
    scene, stop, beats = Scene(), asyncio.Event(), []
    errors: list[Exception | None] = [
        Unavailable("the store is away"),
        Unavailable("the store is away"),
        None,
        Refused("epoch 9"),
        KeyError("surprise"),
        KeyError("surprise"),
    ]

    async def counted(_: Tools, seen: Seen) -> None:
        beats.append(dict(seen.trouble))
        if not errors and not seen.trouble:
            stop.set()

    await live(scene.tools(), stop, [Beat("failing", failing(errors), 0.06), Beat("counted", counted, 0.05)])
    told = [line.splitlines()[0] for line in scene.told]
    assert told == [
        "failing: the store is away",
        "failing: works again",
        "failing: epoch 9",
        "failing: unexpected KeyError: 'surprise'",
        "failing: works again",
    ]
    assert "Traceback" in scene.told[3]
    assert {"failing": "unexpected KeyError: 'surprise'"} in beats


@in_loop
async def test_the_whole_life_of_an_agent() -> None:
    """All duties together: Redis, edge, purges and heartbeat within seconds; ended, the lease is free."""
    scene, stop = Scene(), asyncio.Event()
    scene.publish()
    scene.store.objects[request_key("p1")] = request("p1", "wedding:como").to_json()
    life = asyncio.create_task(live(scene.tools(), stop, [Beat(one.name, one.duty, 0.05) for one in DUTIES]))
    await until(
        lambda: (
            scene.edge.keys
            and scene.logs[HOME].purges
            and CALENDAR in scene.keys[HOME].documents
            and heartbeat_key(HOME) in scene.store.objects
        )
    )
    stop.set()
    await life
    lease = scene.lease()
    assert lease is not None
    assert lease.holder == ""


def test_the_calendar_follows_the_clock_at_the_edge() -> None:
    """A window that is over leaves its key without pairs: the edge function forgets by itself and stays small."""

    async def pushed(scene: Scene, seen: Seen) -> str:
        await push_calendar(scene.tools(), seen)
        await push_edge(scene.tools(), seen)
        return scene.edge.keys["freeze:como.weddings.example"]

    scene, seen = Scene(), Seen()
    scene.publish()
    assert "venue:como:2027-06-12" in asyncio.run(pushed(scene, seen))
    scene.clock.at += timedelta(days=14)
    assert asyncio.run(pushed(scene, seen)) == "[]"
