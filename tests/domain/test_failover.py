"""Failover and failback as reconcilers: every prefix, every start, every performer reaches the same end."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain.failover import Intent, Operation, Step, World, next_step, reopened, route_to, superseded
from controlplane.domain.roles import Roles, current, returned, without

EU, US, AP = "eu-central-1", "us-east-1", "ap-southeast-2"
REGIONS = (EU, US, AP)


@dataclass(frozen=True)
class State:
    """The whole world of an operation, as a value; `own` is EU throughout."""

    roles: Roles
    drained: frozenset[str]
    route: str | None
    enabled: frozenset[str]
    card: Intent

    def seen(self, *, pools: bool = True, route: bool = True) -> World:
        """What a performer observes; vendors that do not answer are unknown."""
        return World(
            roles=self.roles,
            drained=self.drained,
            own=EU,
            route=self.route if route else None,
            is_route_known=route,
            enabled={region: region in self.enabled for region in REGIONS} if pools else None,
        )


def intent(operation: Operation, region: str, target: str, epoch: int) -> Intent:
    """An open card."""
    return Intent(
        id=f"{operation.value}-{epoch}",
        operation=operation,
        region=region,
        target=target,
        epoch=epoch,
        by="somebody",
        begun_at="2027-06-12T14:00:00Z",
        digest="",
    )


def performed(state: State, step: Step) -> State:
    """The state after one effect, as the vendors would have it."""
    card = state.card
    leaving = card.operation is Operation.FAILOVER
    if step is Step.ROLES:
        moved = (
            without(state.roles, card.region, card.target, card.epoch)
            if leaving
            else returned(state.roles, card.region, card.target, card.epoch)
        )
        return replace(state, roles=moved)
    if step is Step.DRAIN:
        return replace(state, drained=state.drained | {card.region} if leaving else state.drained - {card.region})
    if step is Step.ROUTE:
        return replace(state, route=route_to(card, EU))
    if step is Step.POOL:
        return replace(state, enabled=state.enabled - {card.region} if leaving else state.enabled | {card.region})
    if step is Step.CLOSE:
        return replace(state, card=card.model_copy(update={"state": "done"}))
    return state


def run(state: State, most: int = 99) -> tuple[State, list[Step]]:
    """A performer with an empty disk, cut off after `most` effects."""
    done: set[Step] = set()
    steps: list[Step] = []
    while len(steps) < most and not superseded(state.card, state.seen()):
        step = next_step(state.card, state.seen(), frozenset(done))
        if step is None:
            break
        state = performed(state, step)
        steps.append(step)
        done.add(step)
    return state, steps


def starts() -> Iterator[State]:
    """Every state in which an operation could be begun or found half done, by whoever."""
    roles = [
        Roles(epoch=1, home=EU),
        Roles(epoch=2, home=US, down=(EU,), drained=(EU,)),
        Roles(epoch=3, home=AP, down=(EU, US), drained=(EU, US)),
    ]
    drains = [frozenset[str](), frozenset({EU}), frozenset({US}), frozenset({EU, US})]
    pools = [frozenset(REGIONS), frozenset({US, AP}), frozenset({AP})]
    moves = [(Operation.FAILOVER, EU, US), (Operation.FAILOVER, US, AP), (Operation.FAILBACK, EU, EU)]
    moves += [(Operation.FAILBACK, US, US), (Operation.FAILOVER, US, EU)]
    for role, drained, route, enabled, move in itertools.product(roles, drains, (None, US, AP), pools, moves):
        yield State(role, drained, route, enabled, intent(*move, role.epoch + 1))


def test_every_prefix_of_every_start_reaches_the_same_end() -> None:
    """Cut off after any effect, taken up by somebody with an empty disk: the end is that of an undisturbed run."""
    count = 0
    for start in starts():
        end, steps = run(start)
        assert end.card.state == "done"
        assert steps == sorted(steps, key=list(Step).index)
        for most in range(len(steps)):
            again, rest = run(run(start, most)[0])
            assert again == end
            assert all(rest.count(step) + steps[:most].count(step) <= 2 for step in Step)
            count += 1
    assert count > 500


def test_a_finished_operation_has_no_next_step() -> None:
    """Whoever resumes a card that is done or withdrawn makes no effect."""
    end, _ = run(State(Roles(epoch=1, home=EU), frozenset(), None, frozenset(REGIONS), intent(*EU_TO_US, 2)))
    assert next_step(end.card, end.seen()) is None
    assert next_step(end.card.model_copy(update={"state": "withdrawn"}), end.seen()) is None


EU_TO_US = (Operation.FAILOVER, EU, US)


def test_failback_undoes_every_effect_of_failover() -> None:
    """There and back again: only the epoch shows that something happened."""
    start = State(Roles(epoch=1, home=EU), frozenset(), None, frozenset(REGIONS), intent(*EU_TO_US, 2))
    away, there = run(start)
    assert (away.roles.home, away.roles.down, away.drained, away.route) == (US, (EU,), frozenset({EU}), US)
    assert away.enabled == {US, AP}
    home, back = run(replace(away, card=intent(Operation.FAILBACK, EU, EU, 3)))
    assert [*there, Step.READY] == sorted(back, key=lambda step: (step is Step.READY, list(Step).index(step)))
    assert back.index(Step.DRAIN) < back.index(Step.READY) < back.index(Step.ROUTE)
    assert home.roles == Roles(epoch=3, home=EU)
    assert (home.drained, home.route, home.enabled) == (start.drained, start.route, start.enabled)


def test_a_second_loss_keeps_the_first_region_down() -> None:
    """Two regions lost one after the other are both down and drained; each comes back alone."""
    first = without(Roles(epoch=1, home=EU), EU, US, 2)
    second = without(first, US, AP, 3)
    assert (second.home, second.down, second.drained) == (AP, (EU, US), (EU, US))
    back = returned(second, US, US, 4)
    assert (back.home, back.down, back.drained) == (US, (EU,), (EU,))


def test_returning_to_a_region_that_is_not_the_edges_own_selects_it() -> None:
    """Without a route key guests reach the distribution's own origins: only that region's return deletes the key."""
    card = intent(Operation.FAILBACK, US, US, 4)
    assert route_to(card, EU) == US
    assert route_to(intent(Operation.FAILBACK, EU, EU, 4), EU) is None
    assert route_to(intent(Operation.FAILOVER, US, EU, 4), EU) is None


actions = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 4)), min_size=4, max_size=60)


@settings(max_examples=300, deadline=None)
@given(actions)
def test_interleaved_performers_leave_one_home_and_no_effect_after_being_passed(script: list[tuple[int, int]]) -> None:
    """Performers of several cards, slow and repeated: a passed card changes nothing, and every epoch has one home."""
    cards = [intent(*EU_TO_US, 2), intent(Operation.FAILOVER, EU, AP, 2), intent(Operation.FAILBACK, EU, EU, 3)]
    state = State(Roles(epoch=1, home=EU), frozenset(), None, frozenset(REGIONS), cards[0])
    done: list[set[Step]] = [set(), set(), set()]
    homes = {1: EU}
    for who, _ in script:
        state = replace(state, card=cards[who])
        if superseded(state.card, state.seen()):
            continue
        step = next_step(state.card, state.seen(), frozenset(done[who]))
        if step is None or (step is Step.ROLES and who == 2 and state.roles.epoch < 2):
            continue
        before = state.roles.epoch
        state = performed(state, step)
        done[who].add(step)
        cards[who] = state.card
        assert state.roles.epoch >= before
        assert homes.setdefault(state.roles.epoch, state.roles.home) == state.roles.home
        assert state.roles.home not in state.roles.down
        assert state.card.epoch == state.roles.epoch


@pytest.mark.parametrize("other", [Roles(epoch=3, home=EU), Roles(epoch=2, home=AP)])
def test_a_card_is_passed_by_a_higher_epoch_or_by_another_home_at_the_same(other: Roles) -> None:
    """Two cards of the same epoch cannot both act: the roles' home says which one did."""
    state = State(other, frozenset(), None, frozenset(REGIONS), intent(*EU_TO_US, 2))
    assert superseded(state.card, state.seen())
    assert not superseded(state.card, replace(state, roles=Roles(epoch=2, home=US, down=(EU,))).seen())


def test_vendors_that_do_not_answer_are_tried_and_then_left() -> None:
    """Unknown route and unknown pools are steps to try once, and none of them stands in the way of closing."""
    card = intent(*EU_TO_US, 2)
    state = State(Roles(epoch=2, home=US, down=(EU,)), frozenset({EU}), US, frozenset(REGIONS), card)
    blind = state.seen(pools=False, route=False)
    assert next_step(card, blind) is Step.ROUTE
    assert next_step(card, blind, frozenset({Step.ROUTE})) is Step.POOL
    assert next_step(card, blind, frozenset({Step.ROUTE, Step.POOL})) is Step.VERIFY
    assert next_step(card, blind, frozenset({Step.ROUTE, Step.POOL, Step.VERIFY})) is Step.CLOSE


def test_what_is_owed_reopens_the_card() -> None:
    """A card that was closed owing its pool has that step left, and no other but verification."""
    state = State(Roles(epoch=1, home=EU), frozenset(), None, frozenset(REGIONS), intent(*EU_TO_US, 2))
    end, _ = run(state)
    owing = replace(end, enabled=frozenset(REGIONS), card=end.card.model_copy(update={"owed": ("pool",)}))
    paid, steps = run(replace(owing, card=reopened(owing.card)))
    assert steps == [Step.POOL, Step.VERIFY, Step.CLOSE]
    assert paid.enabled == frozenset({US, AP})
    assert paid.card.owed == ()
    assert reopened(end.card) is end.card


def test_cards_and_roles_come_back_from_their_texts() -> None:
    """Both documents round-trip; before anything was stored, the inventory's home is home at epoch 1."""
    card = intent(*EU_TO_US, 2)
    assert Intent.from_json(card.to_json()) == card
    roles = without(Roles(epoch=1, home=EU), EU, US, 2)
    assert current(roles.to_json(), "elsewhere") == roles
    assert current(None, EU) == Roles(epoch=1, home=EU)
    assert roles.document(EU) == {"epoch": 2, "home": US, "down": [EU], "drain": True}
    assert roles.document(US)["drain"] is False
