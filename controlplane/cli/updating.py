"""How a worker carries owners' updates: with the inventory as it is now, because weddings come while a worker lives."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.content_update import Carried, ContentUpdate


def preparer(plant: Plant) -> Callable[[], None]:
    """A function that loads what `refresher` needs: Cloudflare's SDK alone takes seconds."""

    def prepare() -> None:
        plant.cloudflare.open()
        plant.edge_store.read()

    return prepare


def refresher(plant: Plant) -> Callable[[ContentUpdate], Carried]:
    """A function that brings an update's pages to every POP. It raises Unavailable and Incomplete."""
    from controlplane.bootstrap import Plant as Fresh
    from controlplane.operations.refresh import Means, refresh

    def carry(update: ContentUpdate) -> Carried:
        now = Fresh(plant.profile)
        now.aws, now.cloudflare, now.store = plant.aws, plant.cloudflare, plant.store
        own = {host for entry in now.weddings if entry.wedding == update.wedding for host in entry.hosts}
        hosts = own | {row.host for row in now.inventory.hosts}
        means = Means(
            probe=now.probe,
            store=now.edge_store,
            cdns=now.cdns,
            edges={host: edge for host, edge in now.edges.items() if host in hosts},
            pops=now.pops,
            clock=now.clock,
            pause=time.sleep,
            edition=lambda: secrets.token_hex(8),
        )
        return refresh(update, means)

    return carry
