"""Emergency mode on fakes: killed after any effect another laptop finishes; others' changes at any moment stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from controlplane.domain.emergency import (
    DISABLED,
    EDGE_SETTING,
    EMERGENCY_KEY,
    EmergencyCard,
    Switch,
    digest_of,
    wants_of,
)
from controlplane.domain.roles import ROLES_KEY, Roles
from controlplane.domain.scope import parse_scope
from controlplane.errors import Incomplete, LeaseLost, Refused, Unavailable
from controlplane.operations.emergency import EmergencyMeans, begin, journal_of, reconcile
from controlplane.operations.intents import intent, open_cards
from controlplane.operations.ledger import Record, verify
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeEdgeStore, FakeSteering
from tests.fakes.inventory import HOME, REGIONS, STANDBY, inventory, wedding
from tests.fakes.store import FakeSharedStore
from tests.fakes.switches import FakeSwitches
from tests.operations.world import Killed

ROUTING = "cloudflare:argo/smart_routing"


@dataclass
class World:
    """Vendors as they are, and any number of laptops with empty disks."""

    store: FakeSharedStore = field(default_factory=FakeSharedStore)
    edge: FakeEdgeStore = field(default_factory=FakeEdgeStore)
    steering: FakeSteering = field(default_factory=lambda: FakeSteering(dict.fromkeys(REGIONS, (True, True))))
    switches: FakeSwitches = field(default_factory=FakeSwitches)
    numbers: list[int] = field(default_factory=list)

    def means(self, operation: str, check: Callable[[], None] = lambda: None) -> EmergencyMeans:
        """A laptop's means."""
        record = Record(self.store, FakeClock(), "laptop", operation)
        return EmergencyMeans(self.store, self.edge, self.steering, self.switches, HOME, check, record, lambda _: None)

    def card(self, switch: Switch, scope: str = "platform") -> EmergencyCard:
        """The next switching's card."""
        self.numbers.append(0)
        epoch = journal_of(self.store).epoch + 1
        asked = wants_of(parse_scope(scope), inventory(), [wedding()])
        wants = asked if switch is Switch.ON else {}
        return EmergencyCard(
            id=f"{switch.value}-{len(self.numbers)}",
            operation=switch,
            target=scope,
            epoch=epoch,
            digest=digest_of(switch, scope, epoch, wants),
            by="laptop",
            begun_at=f"2027-06-12T14:00:{len(self.numbers):02}Z",
            wants=wants,
        )

    def switch(self, switch: Switch, scope: str = "platform") -> EmergencyCard:
        """Begin and finish a switching."""
        card = self.card(switch, scope)
        return reconcile(self.means(card.id), begin(self.store, self.steering, card))

    def shown(self) -> tuple[dict[str, str], dict[str, str], dict[str, bool]]:
        """Everything that emergency mode may change."""
        on = {path: value for path, value in self.switches.values.items() if value == "on"}
        return dict(self.edge.keys), on, {region: state[0] for region, state in self.steering.states.items()}

    def kill_after(self, number: int) -> None:
        """Let the `number`-th effect happen and the process die right after it; 0 for never."""
        left = number

        def strike() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed

        for vendor in (self.store, self.edge, self.steering, self.switches):
            vendor.after = strike


@pytest.mark.parametrize("switch", list(Switch))
@pytest.mark.parametrize("scope", ["platform", f"region:{HOME}", "wedding:como"])
def test_killed_after_any_effect_another_laptop_finishes(switch: Switch, scope: str) -> None:
    """From the card alone: the end of an unkilled run, and each change at a vendor made once."""
    for number in range(1, 40):
        world, unkilled = World(), World()
        for one in (world, unkilled):
            if switch is Switch.OFF:
                one.switch(Switch.ON, scope)
        unkilled.switch(switch, scope)
        edits = (len(unkilled.edge.writes), len(unkilled.switches.edits), len(unkilled.steering.edits))
        card = world.card(switch, scope)
        world.kill_after(number)
        try:
            reconcile(world.means(card.id), begin(world.store, world.steering, card))
        except Killed:
            pass
        else:
            assert number > 5
            break
        world.kill_after(0)
        for left in open_cards(world.store):
            assert isinstance(left, EmergencyCard)
            reconcile(world.means(left.id), left)
        assert world.shown() == unkilled.shown(), number
        assert journal_of(world.store).entries.keys() == journal_of(unkilled.store).entries.keys()
        assert (len(world.edge.writes), len(world.switches.edits), len(world.steering.edits)) == edits
        assert verify(world.store, card.id).holds or number == 1
    else:
        pytest.fail("no run ended without being killed")


def test_what_others_change_between_look_and_write_is_not_overwritten() -> None:
    """The edge's write is conditional: the other writer's value comes into the journal, and back with off."""
    world = World()
    world.edge.between = lambda: world.edge.write({EMERGENCY_KEY: "by hand"})
    card = world.card(Switch.ON)
    with pytest.raises(Incomplete) as caught:
        reconcile(world.means(card.id), begin(world.store, world.steering, card))
    assert "'by hand', which is not ours" in caught.value.report[EDGE_SETTING]
    assert world.edge.keys == {EMERGENCY_KEY: "by hand"}
    with pytest.raises(Incomplete):
        world.switch(Switch.OFF)
    assert world.shown() == ({EMERGENCY_KEY: "by hand"}, {}, dict.fromkeys(REGIONS, True))


def test_a_pool_that_a_failover_disabled_meanwhile_stays_disabled() -> None:
    """Its value is the one that we wrote, and giving it back would send guests to a dead region."""
    world = World()
    world.switch(Switch.ON, f"region:{HOME}")
    roles = Roles(epoch=2, home=STANDBY, down=(HOME,), drained=(HOME,))
    world.store.registers[ROLES_KEY] = roles.to_json()
    with pytest.raises(Incomplete, match="done but for"):
        world.switch(Switch.OFF, f"region:{HOME}")
    assert world.steering.states[HOME][0] is False
    assert journal_of(world.store).entries == {}


def test_whoever_lost_the_lease_makes_no_further_effect() -> None:
    """12, at every point: nothing at a vendor changes after the check has failed."""
    for allowed in range(8):
        world, left = World(), [allowed]

        def check(left: list[int] = left) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise LeaseLost("gone")

        card = begin(world.store, world.steering, world.card(Switch.ON))
        means = world.means(card.id, check)
        try:
            reconcile(means, card)
        except LeaseLost:
            before = world.shown()
            with pytest.raises(LeaseLost):
                reconcile(means, card)
            assert world.shown() == before
        else:
            assert allowed > 4
            break


def test_an_older_card_of_the_same_scope_has_nothing_more_to_say() -> None:
    """Somebody switched it off meanwhile: a late `on` stops, and its card was withdrawn."""
    world = World()
    late = begin(world.store, world.steering, world.card(Switch.ON))  # it dies before it claims its scope
    world.switch(Switch.ON)
    world.switch(Switch.OFF)
    before = world.shown()
    world.store.registers[f"intents/{late.id}"] = late.to_json()  # who withdraws it died just before
    with pytest.raises(LeaseLost, match="was switched again since"):
        reconcile(world.means(late.id), late)
    assert world.shown() == before
    assert intent(world.store, late.id).state == "withdrawn"


def test_what_a_vendor_refuses_stays_open_and_the_rest_is_done() -> None:
    """Cloudflare is away: the edge's key is set all the same; the next laptop does the switches."""
    world = World()
    world.switches.is_down = True
    card = world.card(Switch.ON)
    with pytest.raises(Incomplete, match="is not finished") as caught:
        reconcile(world.means(card.id), begin(world.store, world.steering, card))
    assert set(caught.value.report) == {"cloudflare:argo/tiered_caching", ROUTING}
    assert world.edge.keys == {EMERGENCY_KEY: "platform"}
    world.switches.is_down = False
    assert reconcile(world.means(card.id), card).state == "done"
    assert world.switches.values == {"argo/tiered_caching": "on", "argo/smart_routing": "on"}


def test_the_last_pool_and_too_many_scopes_are_refused_before_anything() -> None:
    """No card is stored, no vendor is asked to change."""
    world = World()
    world.switch(Switch.ON, f"region:{HOME}")
    before = (dict(world.store.registers), world.shown())
    with pytest.raises(Refused, match="guests would have none"):
        begin(world.store, world.steering, world.card(Switch.ON, f"region:{STANDBY}"))
    many = world.card(Switch.ON, "wedding:como").model_copy(update={"wants": {EDGE_SETTING: "a.example " * 103}})
    begin(world.store, world.steering, many)  # the same word many times is one word
    words = " ".join(f"w{number}.weddings.example" for number in range(60))
    wide = many.model_copy(update={"id": "wide", "wants": {EDGE_SETTING: words}})
    with pytest.raises(Refused, match="more"):
        begin(world.store, world.steering, wide)
    assert world.shown() == before[1]
    assert "intents/wide" not in world.store.registers


def test_without_the_shared_store_nothing_is_begun() -> None:
    """No journal, no change."""
    world = World()
    card = world.card(Switch.ON)
    world.store.is_down = True
    with pytest.raises(Unavailable):
        begin(world.store, world.steering, card)
    world.store.is_down = False
    assert world.shown() == ({}, {}, dict.fromkeys(REGIONS, True))
    assert DISABLED not in str(world.store.registers)
