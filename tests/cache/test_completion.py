"""G5: when a removal counts as complete: whom its receipt waits for, and for how long."""

from __future__ import annotations

import pytest

from controlplane.cache import Settings
from controlplane.cache.receipt import Receipt
from controlplane.cache.testing import FakeRegion
from controlplane.domain.purge_log import Kind, Member, Position, Purge, Roll, completion
from controlplane.errors import Incomplete
from tests.cache.scene import in_loop, until

REMOVED = Purge(Position("e", 7), Kind.HARD, ("wedding:como",))
DAY = 24 * 3600.0


async def is_complete(receipt: Receipt) -> bool:
    """What it says now."""
    try:
        return (await receipt.complete(timeout=0)).complete
    except Incomplete as error:
        assert error.report == {"silent": "not confirmed", "here": "confirmed"}
        return False


@pytest.mark.parametrize(
    ("keys", "tags", "longest"),
    [
        ((), ["guest:9"], 60.0),
        ((), ["guest:9", "guest:10"], 60.0),
        ((), ["wedding:como"], 96 * 3600.0),
        ((), ["guest:9", "wedding:como"], 96 * 3600.0),
        (("k",), [], 96 * 3600.0),
        (("k",), ["guest:9"], 96 * 3600.0),
        (None, [], 96 * 3600.0),
    ],
    ids=["guest", "guests", "wedding", "both", "key", "key and guest", "clear"],
)
@in_loop
async def test_the_silent_are_waited_for_as_long_as_they_may_serve(
    keys: tuple[str, ...] | None, tags: list[str], longest: float
) -> None:
    """A member that stops answering just before a removal holds its completion for as long as blind memory may serve
    what was removed: 60 s where it is personal data only, else 96 h, as a key may name anything."""
    region = FakeRegion()
    async with region.cache(Settings(member="here")) as cache:
        region.log.members["silent"] = (cache.position, region.clock.monotonic())
        receipt = await cache.clear() if keys is None else await cache.remove(*keys, tags=tags)
        await region.pass_by(longest - 1)
        await until(lambda: region.log.members["here"][0] == cache.position)
        assert not await is_complete(receipt)
        await region.pass_by(2)
        await until(lambda: region.log.members["here"][0] == cache.position)
        assert await is_complete(receipt)


@pytest.mark.parametrize(
    ("position", "unseen_for", "waited", "is_waited_for"),
    [
        (Position("e", 7), 0.0, 0.0, False),
        (Position("e", 8), 0.0, 0.0, False),
        (Position("e", 6), 0.0, 0.0, True),
        (Position("e", 6), 60.0, 60.0, True),
        (Position("e", 6), 61.0, 0.0, False),
        (Position("e", 6), 0.0, 61.0, False),
        (Position("of old", 9), 0.0, 0.0, True),
        (Position("", -1), 0.0, 0.0, True),
    ],
    ids=["at it", "beyond", "before", "at the limit", "gone", "too long", "other epoch", "joined"],
)
def test_one_member(position: Position, unseen_for: float, waited: float, is_waited_for: bool) -> None:
    """A member is waited for until it confirms this number of this epoch, was silent for longer than blind memory may
    serve, or that time has passed since the removal; its confirmation of another epoch says nothing."""
    roll = Roll("e", (Member("m", position, unseen_for),))
    found = completion(REMOVED, roll, waited=waited, blind_max=60.0)
    assert found.complete is not is_waited_for
    assert found.waiting_for == (("m",) if is_waited_for else ())


def test_a_lost_roll_is_waited_for_by_name() -> None:
    """Who was on the roll of a lost log and is on none now may still be blind; who joined again speaks for himself."""
    roll = Roll("e", (Member("back", Position("e", 7), 0.0),))
    found = completion(REMOVED, roll, waited=60.0, blind_max=60.0, absent=("back", "away"))
    assert (found.complete, found.waiting_for) == (False, ("away",))
    assert completion(REMOVED, roll, waited=61.0, blind_max=60.0, absent=("back", "away")).complete


def test_a_removal_of_another_epoch_is_never_complete() -> None:
    """The log began anew: whoever is on its roll, it may not hold the purge."""
    roll = Roll("later", (Member("m", Position("e", 7), 0.0),))
    found = completion(REMOVED, roll, waited=DAY * 30, blind_max=60.0)
    assert (found.complete, found.lost) == (False, True)
