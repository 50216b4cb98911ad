"""The reviewed table of windows, beside what the calendar makes of it with given time zones."""

from __future__ import annotations

import importlib.resources
from dataclasses import dataclass
from datetime import date
from typing import Any

from controlplane.adapters.system import yaml_lines
from controlplane.domain.catalogue import DEFAULT_LAG, DEFAULT_LEAD
from controlplane.domain.instant import zulu
from controlplane.domain.window import Leg, wedding_rules
from controlplane.domain.zones import Zones


@dataclass(frozen=True)
class Row:
    """One reviewed case: the windows worked out by hand and those computed, as `(start, end)` in UTC with Z."""

    case: str
    why: str
    reviewed: tuple[tuple[str, str], ...]
    computed: tuple[tuple[str, str], ...]

    @property
    def is_equal(self) -> bool:
        """True when the calendar gives exactly the reviewed windows."""
        return self.reviewed == self.computed


def rows(zones: Zones) -> list[Row]:
    """Every row of the table, computed with `zones`. Raises UnknownZone when they lack one."""
    table: Any = yaml_lines.read(reviewed_text()).value
    return [_row(entry, zones) for entry in table]


def reviewed_text() -> str:
    """The table's own text."""
    return (importlib.resources.files("controlplane.domain") / "reviewed_windows.yaml").read_text(encoding="utf-8")


def _row(entry: dict[str, Any], zones: Zones) -> Row:
    legs = [
        Leg(tuple(date.fromisoformat(day) for day in leg["days"]), leg["zone"], zones.zone(leg["zone"]))
        for leg in entry["legs"]
    ]
    rules = wedding_rules("reviewed", legs, DEFAULT_LEAD, DEFAULT_LAG)
    reviewed = tuple((window["start"], window["end"]) for window in entry["windows"])
    return Row(entry["case"], entry["why"], reviewed, tuple((zulu(rule.start), zulu(rule.end)) for rule in rules))
