"""The keys of the edge's key value store that the control plane owns: `freeze:<host>` and `route`."""

from __future__ import annotations

from datetime import datetime

from controlplane.domain.calendar import Calendar
from controlplane.domain.edge_pairs import edge_pairs, edge_value

ROUTE = "route"
FREEZE = "freeze:"


def freeze_keys(calendar: Calendar, at: datetime) -> dict[str, str]:
    """The freeze key of every host that the calendar knows, as it must read at `at`."""
    return {f"{FREEZE}{host}": edge_value(edge_pairs(calendar, host, at)) for host in calendar.by_host}
