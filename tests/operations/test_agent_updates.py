"""The region agents on fakes: an owner's update is carried once, by whoever holds the lease, and none is forgotten."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import pytest

from controlplane.agent.updating import LOOK_SECONDS, TRIES, carry_updates
from controlplane.agent.world import Seen, Tools
from controlplane.domain.content_update import MOST_A_MINUTE, Carried, ContentUpdate, receipt_key, together
from controlplane.errors import Incomplete, Unavailable
from tests.cache.scene import in_loop
from tests.fakes.inventory import HOME, STANDBY
from tests.fakes.owners_updates import FakeOwnersUpdates
from tests.operations.agent_scene import Scene


@dataclass
class Lane:
    """Two regions' agents; `errors` come before the first update that is carried."""

    scene: Scene = field(default_factory=Scene)
    told: dict[str, FakeOwnersUpdates] = field(
        default_factory=lambda: {HOME: FakeOwnersUpdates(), STANDBY: FakeOwnersUpdates()}
    )
    carried: list[ContentUpdate] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def tools(self, region: str = HOME) -> Tools:
        return replace(self.scene.tools(region), updates=self.told[region], refresh=self.carry)

    def carry(self, update: ContentUpdate) -> Carried:
        if self.errors:
            raise self.errors.pop(0)
        self.carried.append(update)
        return Carried((("como.weddings.example", "/schedule"),), {"FRA56-P1": 0.4})

    async def tell(self, identity: str, page: str = "schedule", region: str = HOME, wedding: str = "como") -> None:
        await self.told[region].tell(identity, told(identity, page, wedding).to_json())


def told(identity: str, page: str = "schedule", wedding: str = "como") -> ContentUpdate:
    """An update of one page."""
    return ContentUpdate(
        id=identity, wedding=wedding, tags=(f"page:{wedding}.{page}",), born=float(len(identity)), by="x"
    )


def holder() -> Seen:
    """The memory of the agent that holds the edge store's lease."""
    return Seen(holds_lease=True)


@in_loop
async def test_an_update_told_in_every_region_is_carried_once() -> None:
    """By the holder; another region's agent only takes it over; also a new process carries it no second time."""
    lane, seen, other = Lane(), holder(), Seen()
    for region in (STANDBY, HOME):
        await lane.tell("u1", region=region)
    await carry_updates(lane.tools(STANDBY), other)
    assert lane.carried == []
    for memory in (seen, seen, holder()):
        lane.scene.clock.pause(LOOK_SECONDS)
        await carry_updates(lane.tools(), memory)
    assert [update.id for update in lane.carried] == ["u1"]
    assert [held.held for held in lane.told.values()] == [{}, {}]
    receipt = json.loads(lane.scene.store.objects[receipt_key("u1")])
    assert receipt["pages"] == ["como.weddings.example/schedule"]
    assert receipt["seen"] == {"FRA56-P1": 0.4}


@in_loop
async def test_an_update_whose_region_is_lost_is_carried_by_another() -> None:
    """It lay in the shared store before anybody carried it."""
    lane = Lane()
    await lane.tell("u1", region=HOME)
    await carry_updates(lane.tools(HOME), Seen())
    await carry_updates(lane.tools(STANDBY), holder())
    assert [update.id for update in lane.carried] == ["u1"]


@in_loop
async def test_what_the_vendors_refuse_is_tried_again_until_it_is_carried() -> None:
    """The duty fails, which the heartbeat tells; the update is not forgotten."""
    lane, seen = Lane(errors=[Unavailable("CloudFront's key value store: 503")] * 4), holder()
    await lane.tell("u1")
    for _ in range(4):
        lane.scene.clock.pause(LOOK_SECONDS)
        with pytest.raises(Unavailable):
            await carry_updates(lane.tools(), seen)
    lane.scene.clock.pause(LOOK_SECONDS)
    await carry_updates(lane.tools(), seen)
    assert [update.id for update in lane.carried] == ["u1"]


@in_loop
async def test_a_pop_that_never_shows_it_is_named_in_the_receipt() -> None:
    """After three tries: the others have it, and the next update is not held up by this one."""
    missing = Incomplete("1 of 2", report={"como.weddings.example/schedule@SIN2-P1": "timed out"})
    lane, seen = Lane(errors=[missing] * TRIES), holder()
    await lane.tell("u1")
    for number in range(TRIES):
        lane.scene.clock.pause(LOOK_SECONDS)
        if number < TRIES - 1:
            with pytest.raises(Incomplete):
                await carry_updates(lane.tools(), seen)
        else:
            await carry_updates(lane.tools(), seen)
    assert json.loads(lane.scene.store.objects[receipt_key("u1")])["missing"] == missing.report
    await lane.tell("u2")
    await carry_updates(lane.tools(), seen)
    assert [update.id for update in lane.carried] == ["u2"]


@in_loop
async def test_the_holder_gets_ready_before_anybody_waits() -> None:
    """Once, and only who holds the lease; what fails then is the duty's trouble, and updates are carried later."""
    lane, prepared = Lane(), list[str]()

    def prepare() -> None:
        prepared.append("x")
        raise Unavailable("the key value store does not answer")

    for seen in (Seen(), holder()):
        tools = replace(lane.tools(), prepare=prepare)
        if seen.holds_lease:
            with pytest.raises(Unavailable):
                await carry_updates(tools, seen)
        await carry_updates(tools, seen)
    assert prepared == ["x"]


@in_loop
async def test_one_weddings_trouble_holds_up_no_other() -> None:
    """Both are begun at once; the one that failed is carried at the next look."""
    lane, seen = Lane(errors=[Unavailable("503")]), holder()
    await lane.tell("u1")
    await lane.tell("v1", wedding="ubud")
    with pytest.raises(Unavailable):
        await carry_updates(lane.tools(), seen)
    assert len(lane.carried) == 1
    lane.scene.clock.pause(LOOK_SECONDS)
    await carry_updates(lane.tools(), seen)
    assert {update.wedding for update in lane.carried} == {"como", "ubud"}


@in_loop
async def test_what_is_no_owners_update_is_dropped_and_said() -> None:
    """Garbage, and tags of somebody else's: the agent is a door too."""
    lane, seen = Lane(), holder()
    await lane.told[HOME].tell("x", "garbage")
    foreign = ContentUpdate(id="y", wedding="como", tags=("page:ubud.home",), born=1.0, by="x")
    await lane.told[HOME].tell("y", foreign.to_json())
    await carry_updates(lane.tools(), seen)
    assert (lane.carried, lane.told[HOME].held) == ([], {})
    assert sum("is dropped" in line for line in lane.scene.told) == 2


@in_loop
async def test_a_wedding_is_carried_ten_times_a_minute_and_what_is_more_together() -> None:
    """The eleventh and the twelfth wait for the minute to end, and are one then; another wedding does not wait."""
    lane, seen = Lane(), holder()
    for number in range(MOST_A_MINUTE + 2):
        await lane.tell(f"u{number:02}", f"p{number}")
        await carry_updates(lane.tools(), seen)
    await lane.tell("v1", wedding="ubud")
    await carry_updates(lane.tools(), seen)
    assert len(lane.carried) == MOST_A_MINUTE + 1
    lane.scene.clock.pause(61)
    await carry_updates(lane.tools(), seen)
    assert lane.carried[-1].tags == ("page:como.p10", "page:como.p11")
    assert all(receipt_key(f"u{number:02}") in lane.scene.store.objects for number in range(MOST_A_MINUTE + 2))


def test_updates_are_joined_per_wedding_up_to_the_tags_that_one_may_have() -> None:
    """Twenty different tags, then the next one; other weddings apart."""
    many = [told(f"u{number:02}", f"p{number:02}") for number in range(25)]
    groups = together([*many, told("v", wedding="ubud"), told("u99", "p24")])
    assert [len(group) for group in groups] == [20, 6, 1]
    assert {update.wedding for update in groups[-1]} == {"ubud"}
