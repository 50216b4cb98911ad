"""The keys of the edge's store that the control plane owns: `freeze:<host>`, `deny:<host>`, `route`, pages' editions.

CloudFront can only delete what it keeps, never mark it stale. So a page that its owner changed gets a new edition: the
edge function puts `edition:<host><path>` into the cache key. The new edition is warmed in every city while guests still
get the old one (whoever names what stands under `next:` gets the new one), then all guests get it at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from controlplane.domain.calendar import Calendar
from controlplane.domain.edge_pairs import edge_pairs, edge_value

ROUTE = "route"
FREEZE = "freeze:"
DENY = "deny:"
EDITION = "edition:"
NEXT = "next:"
EDITION_HEADER = "X-Wedcache-Edition"

Place = tuple[str, str]
"""(host, path)."""


def freeze_keys(calendar: Calendar, at: datetime) -> dict[str, str]:
    """The freeze key of every host that the calendar knows, as it must read at `at`."""
    return {f"{FREEZE}{host}": edge_value(edge_pairs(calendar, host, at)) for host in calendar.by_host}


def prepared(places: Iterable[Place], edition: str) -> dict[str, str | None]:
    """What to write before the warming: from now on who asks for this edition of these pages gets it."""
    return {f"{NEXT}{host}{path}": edition for host, path in places}


def turned(places: Iterable[Place], edition: str) -> dict[str, str | None]:
    """What to write after the warming: from now on everybody gets this edition."""
    found: dict[str, str | None] = {}
    for host, path in places:
        found |= {f"{EDITION}{host}{path}": edition, f"{NEXT}{host}{path}": None}
    return found
