"""Failover on fakes: killed after any effect another laptop finishes it; late and second performers do nothing."""

from __future__ import annotations

import pytest

from controlplane.domain.edge_keys import ROUTE
from controlplane.domain.failover import Intent, Operation, reopened
from controlplane.domain.roles import ROLES_KEY, Roles
from controlplane.errors import Incomplete, LeaseLost, Refused, Unavailable, VerificationFailed
from controlplane.operations.fail_over import begin, observe_world, reconcile
from controlplane.operations.intents import ACTING, all_intents, intent, intent_key, open_intents
from controlplane.ports.control_keys import Document
from controlplane.ports.shared_store import SharedStore
from sandbox.origin import role as origin_role
from tests.fakes.inventory import HOME, STANDBY
from tests.operations.world import ORIGINS, Killed, World, kill_after


def moved(world: World, operation: Operation = Operation.FAILOVER, number: int = 1) -> Intent:
    """Begin and finish an operation."""
    means = world.means()
    return reconcile(means, begin(means, world.intent(operation, number)))


def lost() -> World:
    """Home answers nobody."""
    return World(lost={HOME})


def region_card(store: SharedStore, identity: str) -> Intent:
    """The card of an operation on a region."""
    card = intent(store, identity)
    assert isinstance(card, Intent)
    return card


def test_failover_moves_everything_and_says_how_long_each_step_took() -> None:
    """Roles, drain, route and pool in this order; the card is closed with the seconds of every step."""
    world = lost()
    done = moved(world)
    assert done.state == "done"
    assert world.told == ["roles", "drain", "route", "pool", "verify", "close"]
    assert Roles.from_json(str(world.store.registers[ROLES_KEY])) == Roles(
        epoch=2, home=STANDBY, down=(HOME,), drained=(HOME,)
    )
    assert world.edge.keys == {ROUTE: ORIGINS[STANDBY]}
    assert world.steering.states[HOME][0] is False
    assert set(region_card(world.store, done.id).seconds) == {"roles", "drain", "route", "pool", "verify"}
    assert open_intents(world.store) == []


def test_failback_clears_everything() -> None:
    """Route key deleted, pool enabled, nobody down, a higher epoch: a second look finds the world of before."""
    world = lost()
    moved(world)
    world.lost.clear()
    moved(world, Operation.FAILBACK, 2)
    assert Roles.from_json(str(world.store.registers[ROLES_KEY])) == Roles(epoch=3, home=HOME)
    assert world.edge.keys == {}
    assert world.steering.states == dict.fromkeys((HOME, STANDBY), (True, True))
    seen = observe_world(world.means())
    assert (seen.drained, seen.route) == (frozenset(), None)


def test_no_traffic_moves_to_a_region_that_still_says_it_drains() -> None:
    """Failback stops before the route while the health path answers 503, and any laptop goes on from there."""
    world = lost()
    moved(world)
    before = (dict(world.edge.keys), dict(world.steering.states))
    with pytest.raises(Incomplete) as caught:
        moved(world, Operation.FAILBACK, 2)
    assert list(caught.value.report) == ["ready"]
    assert (dict(world.edge.keys), dict(world.steering.states)) == before
    world.lost.clear()
    done = reconcile(world.means(), region_card(world.store, "failback-2"))
    assert done.state == "done"
    assert world.edge.keys == {}


@pytest.mark.parametrize("operation", list(Operation))
def test_killed_after_any_effect_another_laptop_finishes(operation: Operation) -> None:
    """From the card alone, with an empty disk: the same end, each effect at most twice."""
    for number in range(1, 30):
        world = lost()
        if operation is Operation.FAILBACK:
            moved(world)
            world.lost.clear()
            world.store.calls.clear()
            world.edge.writes.clear()
            world.steering.edits.clear()
        wanted = world.intent(operation, 7)
        kill_after(world, number)
        try:
            reconcile(world.means(), begin(world.means(), wanted))
        except Killed:
            pass
        else:
            assert number > 6
            break
        kill_after(world, 0)
        cards = open_intents(world.store)
        if not cards:  # killed before the card was stored, or after it was closed
            assert number in (1, 7, 8, 9)
        done = reconcile(world.means(), begin(world.means(), wanted) if not cards else cards[0])
        assert done.state == "done"
        assert all(world.store.calls.count(call) <= 2 for call in world.store.calls)
        assert len(world.edge.writes) == len(world.steering.edits) == 1
    else:
        pytest.fail("no run ended without being killed")


def test_a_second_operation_is_refused_while_one_is_open() -> None:
    """The open card is named, with the command that finishes it; nothing was changed, no card is left behind."""
    world = lost()
    first = begin(world.means(), world.intent())
    before = dict(world.store.registers)
    with pytest.raises(Refused, match="failover failover-1 of eu-central-1 is open, begun by laptop") as caught:
        begin(world.means(), world.intent(Operation.FAILBACK, 2))
    assert caught.value.next_step == "`wedcache ops resume failover-1` finishes it"
    assert world.store.registers == before
    assert reconcile(world.means(), first).state == "done"


def test_two_that_begin_at_the_same_moment_do_not_both_act() -> None:
    """Both saw nothing open; the one that is second to name itself withdraws its card and makes no effect."""
    world = lost()
    mine, theirs = world.intent(number=1), world.intent(number=2)

    def other_begins() -> None:
        world.store.after = lambda: None
        begin(world.means(), theirs)

    world.store.after = other_begins  # right after our card was stored
    with pytest.raises(Refused, match="failover-2"):
        begin(world.means(), mine)
    assert world.store.registers[ACTING] == theirs.id
    assert [card.id for card in open_intents(world.store)] == [theirs.id]
    assert region_card(world.store, mine.id).state == "withdrawn"
    assert reconcile(world.means(), region_card(world.store, mine.id)).state == "withdrawn"
    assert ROLES_KEY not in world.store.registers


def test_a_card_that_was_passed_makes_no_effect() -> None:
    """Somebody resumes an old card after failback: stopped with exit 12, nothing changes."""
    world = lost()
    old = world.intent(number=9)
    world.store.registers[intent_key(old.id)] = old.to_json()
    moved(world)
    world.lost.clear()
    moved(world, Operation.FAILBACK, 2)
    before = (dict(world.edge.keys), dict(world.steering.states), world.store.registers[ROLES_KEY])
    with pytest.raises(LeaseLost, match="past failover-9") as caught:
        reconcile(world.means(), old)
    assert caught.value.exit_code == 12
    assert (dict(world.edge.keys), dict(world.steering.states), world.store.registers[ROLES_KEY]) == before


def test_a_performer_that_slept_through_failback_writes_no_route() -> None:
    """Between the edge store's read and its write the roles are read again: the late route is never written."""
    world = lost()
    card = begin(world.means(), world.intent())

    def meanwhile() -> None:
        reconcile(world.means(), card)
        world.lost.clear()
        moved(world, Operation.FAILBACK, 2)

    world.edge.between = meanwhile
    with pytest.raises(LeaseLost):
        reconcile(world.means(), card)
    assert ROUTE not in world.edge.keys


def test_cloudflares_api_may_be_away_and_its_step_is_owed_and_paid_later() -> None:
    """The pool is a control plane's: failover is done without it, says so with 13, and `ops resume` finishes it."""
    world = lost()
    world.steering.is_down = True
    means = world.means()
    with pytest.raises(Incomplete, match="is done but for pool") as caught:
        reconcile(means, begin(means, world.intent()))
    assert caught.value.exit_code == 13
    assert "ops resume failover-1" in caught.value.next_step
    card = region_card(world.store, "failover-1")
    assert (card.state, card.owed) == ("done", ("pool",))
    world.steering.is_down = False
    paid = reconcile(world.means(), reopened(card))
    assert (paid.state, paid.owed) == ("done", ())
    assert world.steering.states[HOME][0] is False
    assert region_card(world.store, card.id) == paid


def test_the_edge_store_may_be_away_and_traffic_on_the_other_cdn_still_moves() -> None:
    """Roles and pool are done at once; the card stays open for the route, and any laptop goes on from there."""
    world = lost()
    world.edge.is_down = True
    means = world.means()
    with pytest.raises(Incomplete, match="not finished: failed route") as caught:
        reconcile(means, begin(means, world.intent()))
    assert "the key value store does not answer" in caught.value.report["route"]
    assert world.steering.states[HOME][0] is False
    world.edge.is_down = False
    assert reconcile(world.means(), open_intents(world.store)[0]).state == "done"
    assert world.edge.keys == {ROUTE: ORIGINS[STANDBY]}


def test_without_the_shared_store_nothing_is_done() -> None:
    """No card, no effect: a retry is safe. Lost in the middle, the words name the command that goes on."""
    world = lost()
    world.store.is_down = True
    with pytest.raises(Unavailable):
        begin(world.means(), world.intent())
    world.store.is_down = False
    card = begin(world.means(), world.intent())
    world.edge.after = lambda: setattr(world.store, "is_down", True)
    with pytest.raises(Incomplete, match="cannot be seen") as caught:
        reconcile(world.means(), card)
    assert "ops resume failover-1" in caught.value.next_step


def test_what_guests_see_decides() -> None:
    """If the target does not answer guests within the patience, it ends with 14 and the card stays open."""
    world = lost()
    world.lost.add(STANDBY)
    means = world.means()
    with pytest.raises(VerificationFailed, match="failed verify") as caught:
        reconcile(means, begin(means, world.intent()))
    assert caught.value.exit_code == 14
    assert "not served by us-east-1" in caught.value.report["verify"]
    world.lost.discard(STANDBY)
    assert reconcile(world.means(), open_intents(world.store)[0]).state == "done"


def test_the_roles_make_a_drained_region_say_so() -> None:
    """The document that the agent pushes is the one that the origin's health path answers 503 for."""
    world = lost()
    moved(world)
    roles = Roles.from_json(str(world.store.registers[ROLES_KEY]))
    left = origin_role.parse(Document(roles.epoch, roles.document(HOME)))
    kept = origin_role.parse(Document(roles.epoch, roles.document(STANDBY)))
    assert left is not None
    assert kept is not None
    assert (left.drain, left.down, kept.drain, kept.home) == (True, (HOME,), False, STANDBY)


def test_cards_are_listed_oldest_first() -> None:
    """`ops list` shows every operation; an unknown id is answered with the known ones."""
    world = lost()
    moved(world)
    world.lost.clear()
    moved(world, Operation.FAILBACK, 2)
    assert [card.id for card in all_intents(world.store)] == ["failover-1", "failback-2"]
    with pytest.raises(Refused, match="known: failover-1, failback-2"):
        region_card(world.store, "failover-7")
