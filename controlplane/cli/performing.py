"""How any operation is performed from a command or by a worker: under its lease, with its ledger written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from controlplane.cli import session

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.emergency import EmergencyCard
    from controlplane.operations.emergency import EmergencyMeans
    from controlplane.operations.fail_over import Means
    from controlplane.operations.intents import Card
    from controlplane.operations.leases import Holder
    from controlplane.operations.ledger import Record
    from controlplane.ports.shared_store import SharedStore


@dataclass(frozen=True)
class Performance:
    """What a performer has in hand: `check` before every effect, `record` for what was done."""

    record: Record
    check: Callable[[], None]
    store: SharedStore
    """The shared store, which takes no change of ours any more when the lease is lost."""

    def told(self, step: str, seconds: float) -> None:
        """Say and record a step that was done. Raises LeaseLost: who lost the lease adds nothing to the ledger."""
        self.check()
        session.say(f"  {step:<7} done in {seconds:.2f} s")
        self.record.told(step, seconds)


@contextmanager
def performing(plant: Plant, card: Card, *, begins: bool) -> Iterator[Performance]:
    """Hold the card's lease and keep its ledger until the end; then announce the ledger's head.

    Raises LeaseHeld (11) naming who performs it.
    """
    from controlplane.operations.fenced import FencedStore
    from controlplane.operations.intents import lease_key
    from controlplane.operations.leases import holding
    from controlplane.operations.ledger import Record, recording

    record = Record(plant.store, plant.clock, plant.me, card.id)
    facts = {"digest": card.digest, "epoch": card.epoch}
    said = f"{card.operation.value} {card.target}" if begins else "goes on from the card"
    with holding(holder(plant, card.id), lease_key(card)) as held:
        try:
            with recording(record, begins=begins, said=said, facts=facts):
                yield Performance(record, held.check, FencedStore(plant.store, held.check))
        finally:
            owed = "" if not record.owed else f"; {len(record.owed)} of its lines could not be written"
            session.say(f"ledger of {card.id}: head {record.head or 'unknown'}{owed}")


def holder(plant: Plant, operation: str = "") -> Holder:
    """This process, as the lease of `operation` names it."""
    from controlplane.adapters.system.clock import elapsed
    from controlplane.operations.executors import holder_of
    from controlplane.operations.leases import Holder

    return Holder(plant.store, holder_of(plant.me, operation), elapsed, time.sleep)


def moving_means(plant: Plant, act: Performance) -> Means:
    """What failover and failback work with."""
    return replace(plant.means(act.told, act.check), store=act.store)


def emergency_means(plant: Plant, act: Performance) -> EmergencyMeans:
    """What switching emergency mode works with."""
    from controlplane.operations.emergency import EmergencyMeans

    return EmergencyMeans(
        store=act.store,
        edge=plant.edge_store,
        steering=plant.steering,
        switches=plant.switches,
        home=plant.inventory.home,
        check=act.check,
        record=act.record,
        tell=lambda words: session.say(f"  {words}"),
    )


def resumed(plant: Plant, card: Card) -> Card:
    """Go on with any operation from its card; gives the closed card. Raises as its reconciler, and LeaseHeld."""
    from controlplane.cli import takedown
    from controlplane.domain.emergency import EmergencyCard
    from controlplane.domain.failover import reopened
    from controlplane.domain.takedown import TakedownCard
    from controlplane.operations import emergency, fail_over, take_down

    if isinstance(card, EmergencyCard):
        if card.state != "open":
            return card
        with performing(plant, card, begins=False) as act:
            return emergency.reconcile(emergency_means(plant, act), card)
    if isinstance(card, TakedownCard):
        if card.state != "open":
            return card
        with performing(plant, card, begins=False) as act:
            return take_down.reconcile(takedown.means(plant, act), card)
    card = reopened(card)
    if card.state != "open":
        _close_ledger(plant, card)
        return card
    with performing(plant, card, begins=False) as act:
        return fail_over.reconcile(moving_means(plant, act), card)


def switched(plant: Plant, card: EmergencyCard) -> EmergencyCard:
    """Begin and perform a new switching. Raises as `emergency.begin` and `emergency.reconcile`, and LeaseHeld."""
    from controlplane.domain.ledger import Kind
    from controlplane.operations import emergency
    from controlplane.operations.ledger import Record, close

    with performing(plant, card, begins=True) as act:
        before = emergency.unfinished(plant.store, card.target)
        if before is not None and before.id != card.id:
            act.check()
            close(Record(plant.store, plant.clock, plant.me, before.id), f"taken back by {card.id}", Kind.CANCELLED)
        return emergency.reconcile(emergency_means(plant, act), emergency.begin(act.store, plant.steering, card))


def _close_ledger(plant: Plant, card: Card) -> None:
    """A performer that died between closing its card and saying so, or anchoring it: the ledger hears it now."""
    from controlplane.operations.ledger import Record, close, operations

    if card.state == "done" and card.id in operations(plant.store):
        close(Record(plant.store, plant.clock, plant.me, card.id), "the card was found closed")
