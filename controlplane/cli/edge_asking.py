"""How a worker asks the CDNs: with the weddings as they are now, because they come while a worker lives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant

FRESH_SECONDS = 60.0
TIMEOUT_SECONDS = 4.0


def edge_asker(plant: Plant, region: str) -> Callable[[], Mapping[str, bool]]:
    """A function that asks each CDN for a page which no cache may answer: CDN -> whether anything came back.

    Each region's worker asks another POP, where a CDN has several. Hosts are read anew once a minute, and as long as a
    CDN has none. Raises Unavailable where nothing says which hosts there are.
    """
    from controlplane.bootstrap import Plant as Fresh

    nth = [one.name for one in plant.inventory.regions].index(region)
    now, read_at = plant, time.monotonic()

    def ask() -> dict[str, bool]:
        nonlocal now, read_at
        asks = now.uncached("/guests", nth)
        if time.monotonic() - read_at > FRESH_SECONDS or len(asks) < len(now.pops):
            now, read_at = Fresh(plant.profile), time.monotonic()
            now.aws, now.store = plant.aws, plant.store
            asks = now.uncached("/guests", nth)
        return {edge: now.probe.fetch(one, TIMEOUT_SECONDS).status > 0 for edge, one in asks.items()}

    return ask
