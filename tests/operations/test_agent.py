"""The region agent on fakes: what it pushes, fences, delivers and survives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from controlplane.agent.loop import DUTIES, Beat, live, say_alive
from controlplane.agent.probing import probe_regions
from controlplane.agent.pushing import (
    give_lease_back,
    push_calendar,
    push_edge,
    push_roles,
)
from controlplane.agent.world import Seen, Tools
from controlplane.domain.health import Health
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.domain.lease import TTL_SECONDS, Lease
from controlplane.domain.purge import request_key
from controlplane.domain.roles import ROLES_KEY, Roles, without
from controlplane.errors import LeaseLost, Refused, Unavailable
from controlplane.ports.control_keys import CALENDAR, REGION, Document
from tests.cache.scene import in_loop, until
from tests.fakes.inventory import HOME, STANDBY
from tests.operations.agent_scene import Scene, request


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
