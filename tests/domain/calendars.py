"""Small calendars for tests: built from catalogue data, compiled with the pinned zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from controlplane.adapters.system import places, tzdata
from controlplane.domain.calendar import Calendar
from controlplane.domain.catalogue import Catalogue
from controlplane.domain.compilation import compiled

AT = datetime(2027, 6, 12, 10, tzinfo=UTC)
COMO_START = datetime(2027, 6, 11, 10, tzinfo=UTC)
COMO_END = datetime(2027, 6, 13, 4, tzinfo=UTC)
COMO_DAY = (datetime(2027, 6, 11, 22, tzinfo=UTC), datetime(2027, 6, 12, 22, tzinfo=UTC))


def wedding(name: str = "como", **changes: Any) -> dict[str, Any]:
    """A wedding at Lake Como on Saturday 2027-06-12, with `changes`."""
    return {
        "id": name,
        "name": f"Wedding {name}",
        "priority": "high",
        "days": ["2027-06-12"],
        "venue": {"lat": 45.97, "lon": 9.17, "zone": "Europe/Rome"},
        "hosts": [f"{name}.weddings.example"],
        "vendors": ["florist-7"],
        **changes,
    }


def catalogue(*weddings: dict[str, Any], **platform: Any) -> Catalogue:
    """A catalogue of `weddings` (default: como alone)."""
    return Catalogue.model_validate(
        {
            "schema": "wedcache.catalogue/1",
            "platform": {"zone": "weddings.example", "vendors": ["florist-7", "caterer-2"], **platform},
            "weddings": list(weddings) or [wedding()],
        }
    )


def calendar(
    *weddings: dict[str, Any],
    at: datetime = AT,
    epoch: int = 7,
    valid_for: timedelta = timedelta(days=30),
    **platform: Any,
) -> Calendar:
    """The compiled calendar of `weddings` (default: como alone)."""
    made = catalogue(*weddings, **platform)
    return compiled(made, tzdata.pinned(), places.zone_at, at, epoch=epoch, valid_for=valid_for)
