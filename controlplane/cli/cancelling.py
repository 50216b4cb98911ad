"""Taking an open operation back, as far as that is possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from controlplane.errors import Refused

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.failover import Intent
    from controlplane.operations.intents import Card


def cancelled(plant: Plant, card: Card) -> Card:
    """The card, withdrawn. Raises Refused (nothing was changed), LeaseHeld while its performer lives."""
    from controlplane.cli.performing import performing
    from controlplane.domain.emergency import EmergencyCard, Switch
    from controlplane.domain.ledger import Kind
    from controlplane.domain.takedown import TakedownCard
    from controlplane.operations.emergency import withdraw
    from controlplane.operations.intents import withdraw_intent
    from controlplane.operations.ledger import Record, close

    if isinstance(card, TakedownCard):
        raise Refused(
            f"{card.id} takes something down, and agents deny it from its first moment on: that is not taken back",
            next_step=f"`wedcache ops resume {card.id}` finishes it",
        )
    if isinstance(card, EmergencyCard):
        if card.operation is Switch.OFF:
            raise Refused(
                f"{card.id} gives back what emergency mode set; there is nothing to take back in that",
                next_step=f"`wedcache ops resume {card.id}` finishes it; `wedcache emergency on {card.target}`",
            )
        _switch_off(plant, card)
        close(Record(plant.store, plant.clock, plant.me, card.id), "taken back", Kind.CANCELLED)
        withdraw(plant.store, card)
    else:
        _check_roles(plant, card)
        with performing(plant, card, begins=False) as act:
            _check_roles(plant, card)
            withdraw_intent(plant.store, card)
            act.record.write(Kind.CANCELLED, "withdrawn before its first effect")
    return card.model_copy(update={"state": "withdrawn"})


def _switch_off(plant: Plant, card: Card) -> None:
    from controlplane.cli.emergency import new_card
    from controlplane.cli.performing import switched
    from controlplane.domain.emergency import Switch

    switched(plant, new_card(plant, Switch.OFF, card.target))


def _check_roles(plant: Plant, card: Intent) -> None:
    from controlplane.domain.failover import What
    from controlplane.domain.roles import ROLES_KEY, current

    if card.what is What.CACHES:
        raise Refused(
            f"{card.id} may have moved reads already, and no role tells",
            next_step=f"`wedcache ops resume {card.id}`, then `wedcache failback {card.region}`",
        )
    roles = current(plant.store.read(ROLES_KEY), plant.inventory.home)
    if roles.epoch >= card.epoch:
        raise Refused(
            f"{card.id} has moved the roles (epoch {roles.epoch}): half of it is worse than either end",
            next_step=f"`wedcache ops resume {card.id}`, then the way back when it is healthy",
        )
