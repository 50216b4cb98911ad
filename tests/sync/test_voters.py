"""Who votes, what a majority is, and S4's way back, step by step."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.record import State
from controlplane.errors import BadInput
from controlplane.sync.catch_up import Ending, catch_up, found_voters
from controlplane.sync.voters import Voters
from tests.fakes.region_store import FakeVoter
from tests.sync.trio import KEY, A, B, C, Trio

NAMES = "abcdef"


def subsets(names: str) -> list[tuple[str, ...]]:
    """Every set of these regions."""
    return [some for size in range(len(names) + 1) for some in itertools.combinations(names, size)]


@pytest.mark.parametrize("count", [3, 4, 5])
def test_majorities_meet_also_while_a_voter_changes(count: int) -> None:
    """S13: majorities before, while a voter joins or leaves, and after it share a voter with their neighbour."""
    before = Voters.of(*NAMES[:count])
    changes = [NAMES[: count + 1]] if count < 5 else []
    changes += [NAMES[1:count]] if count > 3 else []
    for to in changes:
        during = before.changing(to=to)
        steps = [before, during, during.changed]
        assert during.changed == Voters.of(*to)
        for one, other in itertools.pairwise(steps):
            for some, others in itertools.product(subsets(NAMES[:6]), repeat=2):
                if one.is_majority(some) and other.is_majority(others):
                    assert set(some) & set(others)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_what_is_enough_to_catch_up_meets_every_majority(count: int) -> None:
    """S4: a majority of the others shares a voter, other than the lost one, with every majority that there was."""
    voters = Voters.of(*NAMES[:count])
    for some in subsets(NAMES[1:count]):
        meets = all(
            set(some) & set(majority)
            for majority in map(set, subsets(NAMES[:count]))
            if voters.is_majority(majority)
            if majority - {"a"}
        )
        enough = voters.remember_without("a", some)
        assert not enough or meets


@pytest.mark.parametrize(
    "regions", [("a", "b"), ("a", "b", "b"), tuple("abcdef"), ()], ids=["two", "twice", "six", "none"]
)
def test_wrong_numbers_of_voters_are_refused(regions: tuple[str, ...]) -> None:
    """Fewer than 3, more than 5, or one region twice is BadInput."""
    with pytest.raises(BadInput):
        Voters.of(*regions)


@pytest.mark.parametrize("to", ["abc", "abcde", "ade", "ab"], ids=["same", "two-join", "two-differ", "too-few"])
def test_voters_change_one_at_a_time(to: str) -> None:
    """S13: no change, two changes at once, or one that leaves two voters is BadInput; so is a second one meanwhile."""
    with pytest.raises(BadInput):
        Voters.of("a", "b", "c").changing(to=to)
    during = Voters.of("a", "b", "c").changing(to="abcd")
    with pytest.raises(BadInput):
        during.changing(to="abcde")


def test_the_voters_begin_once() -> None:
    """Founding makes empty voters vote; again it does nothing, and a voter that lost its memory is not born anew."""
    trio = Trio()
    for region in (A, B, C):
        trio.stores[region].lose()
    assert trio.drive(found_voters(trio.voters), down=[C]) is Ending.SHORT
    assert trio.drive(found_voters(trio.voters)) is Ending.DONE
    assert {store.standing.state for store in trio.stores.values()} == {State.VOTING}
    trio.hold(5, A, B, C)
    trio.stores[C].lose()
    assert trio.drive(found_voters(trio.voters)) is Ending.ALREADY
    assert trio.stores[C].standing.state is State.LOST
    trio.stores[B].lose()
    assert trio.drive(found_voters(trio.voters)) is Ending.UNSAFE
    assert trio.stores[B].standing.state is State.LOST


@pytest.mark.parametrize("steps", range(1, 10))
def test_a_founding_that_is_cut_off_goes_on(steps: int) -> None:
    """Cut off after any step, founding is begun again and ends with three voters."""
    trio = Trio()
    for region in (A, B, C):
        trio.stores[region].lose()
    assert trio.drive(found_voters(trio.voters), most=steps) in (None, Ending.DONE)
    assert trio.drive(found_voters(trio.voters)) in (Ending.DONE, Ending.ALREADY)
    for region in (A, B, C):
        if trio.stores[region].standing.state is not State.VOTING:
            assert trio.drive(catch_up(trio.voters, region)) is Ending.DONE
    assert {store.standing.state for store in trio.stores.values()} == {State.VOTING}


@pytest.mark.parametrize("way", ["emptied", "rolled back"])
def test_who_lost_its_memory_comes_back_with_all_of_it(way: str) -> None:
    """S4: emptied, or back with an old snapshot, a voter takes over what the others hold, and nothing else."""
    trio = Trio()
    stale = trio.hold(3, C)
    held = trio.hold(5, A, B)
    lost = trio.stores[C]
    lost.lose() if way == "emptied" else lost.roll_back({KEY: stale, "removed long ago": stale})
    assert trio.drive(catch_up(trio.voters, C)) is Ending.DONE
    assert lost.records == {KEY: held}
    assert lost.standing.incarnation == 2
    assert trio.drive(catch_up(trio.voters, C)) is Ending.ALREADY


def test_too_few_memories_bring_nobody_back() -> None:
    """S4: with one of the two others silent, or without a memory itself, the lost voter does not vote."""
    trio = Trio()
    trio.stores[C].lose()
    assert trio.drive(catch_up(trio.voters, C), down=[B]) is Ending.SHORT
    trio.stores[B].lose()
    assert trio.drive(catch_up(trio.voters, C)) is Ending.SHORT
    assert trio.stores[C].standing.state is not State.VOTING


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(first=st.integers(1, 16), second=st.integers(1, 16), replaced=st.booleans())
def test_a_catch_up_that_is_cut_off_or_doubled_harms_nobody(first: int, second: int, replaced: bool) -> None:
    """S4: two agents work on one voter, either is cut off anywhere, the voter may be lost again in between: another
    run brings it back, with everything."""
    trio = Trio()
    held = trio.hold(5, A, B)
    trio.stores[C].lose()
    one, other = catch_up(trio.voters, C), catch_up(trio.voters, C)
    trio.drive(one, most=first)
    if replaced:
        trio.stores[C] = FakeVoter(C)
    trio.drive(other, most=second)
    for _ in range(2):
        trio.drive(catch_up(trio.voters, C))
    assert trio.stores[C].standing.state is State.VOTING
    assert trio.stores[C].records == {KEY: held}
    assert trio.drive(catch_up(trio.voters, C)) is Ending.ALREADY


@pytest.mark.parametrize("way", ["founded", "caught up"])
def test_messages_from_before_another_loss_make_nobody_vote(way: str) -> None:
    """S4: every message of a founding or a catch-up, repeated after the voter lost its memory again, is not enough to
    make it vote; another catch-up is."""
    trio = Trio()
    lost = (A, B, C) if way == "founded" else (C,)
    for region in lost:
        trio.stores[region].lose()
    steps = found_voters(trio.voters) if way == "founded" else catch_up(trio.voters, C)
    sent = []
    request = next(steps)
    with pytest.raises(StopIteration):
        while True:
            sent.append(request)
            request = steps.send(trio.perform(request))
    held = trio.hold(5, A, B)
    assert trio.stores[C].standing.state is State.VOTING
    trio.stores[C].lose()
    for request in sent:
        trio.perform(request)
    assert trio.stores[C].standing.state is not State.VOTING
    assert trio.drive(catch_up(trio.voters, C)) is Ending.DONE
    assert trio.stores[C].records == {KEY: held}


def test_a_voter_that_joins_catches_up_first() -> None:
    """S13: a region that joins is a voter that remembers nothing yet; then it holds what the three hold."""
    trio = Trio()
    held = trio.hold(5, A, B)
    trio.stores["region-d"] = FakeVoter("region-d")
    during = trio.voters.changing(to=[A, B, C, "region-d"])
    assert trio.drive(catch_up(during, "region-d")) is Ending.DONE
    assert trio.stores["region-d"].records == {KEY: held}
    assert trio.stores["region-d"].standing.state is State.VOTING
