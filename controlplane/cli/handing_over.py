"""Leaving an operation to a living worker."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from controlplane.errors import BadInput, Refused

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.operations.intents import Card


def living_worker(plant: Plant, avoid: str = "") -> str:
    """A region whose worker beats now, home first and never `avoid`. Raises Refused where none does."""
    from controlplane.operations.observe_regions import look

    names = [region.name for region in plant.inventory.regions if region.name != avoid]
    sight = look(plant.store, plant.steering, names, plant.clock, time.sleep)
    alive = [name for name in names if name in sight.living]
    if not alive:
        raise Refused(
            "no worker lives, so nobody would do it",
            next_step="`wedcache worker --region R` in a region, or do it from here",
        )
    return plant.inventory.home if plant.inventory.home in alive else alive[0]


def handed_over(plant: Plant, card: Card) -> str:
    """Hand an open operation to a living worker; its region. Raises Refused, BadInput for one that is closed."""
    from controlplane.domain.ledger import Kind
    from controlplane.operations.executors import hand_over
    from controlplane.operations.ledger import Record

    if card.state != "open":
        raise BadInput(f"{card.id} is {card.state}: there is nothing to hand over")
    region = living_worker(plant, getattr(card, "region", ""))
    hand_over(plant.store, card.id, region)
    Record(plant.store, plant.clock, plant.me, card.id).write(Kind.HANDED_OVER, f"to the worker of {region}")
    return region
