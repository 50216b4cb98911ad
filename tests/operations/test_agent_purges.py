"""The region agent on fakes: purges are delivered once, and none is forgotten."""

from __future__ import annotations

import pytest

from controlplane.agent.purging import apply_purges
from controlplane.agent.world import Seen
from controlplane.domain.purge import receipt_key, request_key
from controlplane.errors import Unavailable
from tests.cache.scene import in_loop
from tests.fakes.inventory import HOME, STANDBY
from tests.operations.agent_scene import Scene, request


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
