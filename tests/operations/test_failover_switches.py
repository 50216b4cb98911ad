"""The switch table, row by row: each row's effect is seen from outside at its surface, and nowhere before its turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from controlplane.domain.edge_keys import ROUTE
from controlplane.domain.failover import Intent, Operation, Step, What, steps_of
from controlplane.domain.failover_switches import SWITCHES, switch
from controlplane.domain.roles import ROLES_KEY, Roles, current
from controlplane.errors import LeaseLost
from controlplane.operations.fail_over import DRAINS, begin, reconcile
from controlplane.operations.intents import intent_key, left_caches
from controlplane.ports.edge_probe import Ask
from tests.fakes.inventory import HOME, STANDBY
from tests.operations.world import ORIGINS, PORTAL, WEDDING, World

Seen = Callable[[World], object]


def home(world: World) -> str:
    """Which region the stored roles call home."""
    return current(world.store.registers.get(ROLES_KEY), HOME).home


def served(world: World) -> set[str]:
    """Who answers guests of both CDNs."""
    asks = (Ask(PORTAL, "/guests", "cloudflare"), Ask(WEDDING, "/guests", "cloudfront"))
    return {world.respond(ask).headers.get("x-wedcache-region", "nobody") for ask in asks}


def card(world: World) -> str:
    """The state of the operation's card."""
    return Intent.from_json(str(world.store.registers[intent_key("failover-1")])).state


ROWS: dict[Step, tuple[Seen, object, object]] = {
    Step.ROLES: (home, HOME, STANDBY),
    Step.DRAIN: (lambda world: world.store.registers.get(f"{DRAINS}{HOME}"), None, "drain"),
    Step.ROUTE: (lambda world: world.edge.keys.get(ROUTE), None, ORIGINS[STANDBY]),
    Step.POOL: (lambda world: world.steering.states[HOME][0], True, False),
    Step.VERIFY: (served, {"nobody", STANDBY}, {STANDBY}),
    Step.CLOSE: (card, "open", "done"),
}
"""Step -> what somebody outside looks at, what it shows before the failover, and what after."""


@pytest.mark.parametrize("step", ROWS)
def test_a_row_is_switched_in_its_turn_and_seen_from_outside(step: Step) -> None:
    """Before its step the surface shows the old world, after it the new one, and it stays so."""
    look, before, after = ROWS[step]
    world = World(lost={HOME})
    shown: list[tuple[str, object]] = []
    means = replace(world.means(), tell=lambda name, _: shown.append((name, look(world))))
    begun = begin(means, world.intent())
    assert look(world) == before
    reconcile(means, begun)
    order = [one.value for one in steps_of(Operation.FAILOVER)]
    assert [name for name, _ in shown] == order
    turn = order.index(step.value)
    if step is not Step.VERIFY:  # guests are served as soon as both CDNs are switched: verification only looks
        assert {str(value) for _, value in shown[:turn]} <= {str(before)}
    assert all(value == after for _, value in shown[turn:])


def test_every_step_has_one_row_that_says_everything() -> None:
    """Surface, API, plane, bound, outside check and what to type by hand; data planes come before control planes."""
    assert [row.step for row in SWITCHES] == list(Step)
    for row in SWITCHES:
        assert all((row.surface, row.api, row.plane, row.check, row.by_hand))
        assert 0 < row.bound <= 20
        assert switch(row.step) is row
    first_control = [row.step for row in SWITCHES].index(Step.POOL)
    assert not any("control plane" in row.plane for row in SWITCHES[:first_control])
    minute = [switch(step).bound for step in steps_of(Operation.FAILOVER) if step is not Step.POOL]
    assert sum(minute) <= 60


def test_what_is_left_decides_the_steps() -> None:
    """Origin and region move the roles; caches move reads only; who returns waits for the region."""
    for what in (What.ORIGIN, What.REGION):
        assert steps_of(Operation.FAILOVER, what) == tuple(step for step in Step if step is not Step.READY)
        assert steps_of(Operation.FAILBACK, what) == tuple(Step)
    for operation in Operation:
        assert steps_of(operation, What.CACHES) == (Step.ROUTE, Step.POOL, Step.VERIFY, Step.CLOSE)


def caches_card(operation: Operation, number: int, target: str) -> Intent:
    """The card of leaving, or returning to, the home region's caches."""
    return World().intent(operation, number).model_copy(update={"epoch": 1, "target": target, "what": What.CACHES})


def test_leaving_only_the_caches_moves_reads_and_no_role() -> None:
    """Guests of both CDNs read at the standby; home, epoch and drain flags are as they were; the way back as well."""
    world = World()
    means = world.means()
    reconcile(means, begin(means, caches_card(Operation.FAILOVER, 1, STANDBY)))
    assert world.told == ["route", "pool", "verify", "close"]
    assert served(world) == {STANDBY}
    assert ROLES_KEY not in world.store.registers
    assert left_caches(world.store, HOME)
    assert not left_caches(world.store, STANDBY)
    reconcile(means, begin(means, caches_card(Operation.FAILBACK, 2, HOME)))
    assert (world.edge.keys, world.steering.states[HOME][0], served(world)) == ({}, True, {HOME})
    assert not left_caches(world.store, HOME)


def test_reads_are_not_moved_under_roles_that_have_moved() -> None:
    """Somebody left the region meanwhile: the card about its caches makes no further effect."""
    world = World()
    means = world.means()
    begun = begin(means, caches_card(Operation.FAILOVER, 1, STANDBY))
    world.store.registers[ROLES_KEY] = Roles(epoch=2, home=STANDBY, down=(HOME,)).to_json()
    with pytest.raises(LeaseLost):
        reconcile(means, begun)
    assert world.edge.writes == []


def test_a_lost_standby_is_marked_down_and_comes_back_as_a_standby() -> None:
    """Home stays home under a new epoch and need not wait for the other any more; its return moves no home."""
    world = World(lost={STANDBY})
    means = world.means()
    left = world.intent().model_copy(update={"region": STANDBY, "target": HOME})
    reconcile(means, begin(means, left))
    text = str(world.store.registers[ROLES_KEY])
    assert Roles.from_json(text) == Roles(epoch=2, home=HOME, down=(STANDBY,), drained=(STANDBY,))
    assert world.edge.writes == []
    assert world.steering.states[STANDBY][0] is False
    world.lost.clear()
    back = world.intent(Operation.FAILBACK, 2).model_copy(update={"region": STANDBY, "target": HOME})
    reconcile(means, begin(means, back))
    assert Roles.from_json(str(world.store.registers[ROLES_KEY])) == Roles(epoch=3, home=HOME)
    assert world.steering.states[STANDBY][0] is True
