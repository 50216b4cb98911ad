"""Where on earth: the cities of the POPs (IATA) and the regions, in degrees; and who a POP's code belongs to."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REGIONS: Mapping[str, str] = {
    "af-south-1": "CPT",
    "ap-east-1": "HKG",
    "ap-northeast-1": "NRT",
    "ap-northeast-2": "ICN",
    "ap-south-1": "BOM",
    "ap-southeast-1": "SIN",
    "ap-southeast-2": "SYD",
    "ca-central-1": "YUL",
    "eu-central-1": "FRA",
    "eu-north-1": "ARN",
    "eu-south-1": "MXP",
    "eu-west-1": "DUB",
    "eu-west-2": "LHR",
    "eu-west-3": "CDG",
    "me-south-1": "BAH",
    "mx-central-1": "QRO",
    "sa-east-1": "GRU",
    "us-east-1": "IAD",
    "us-east-2": "CMH",
    "us-west-1": "SFO",
    "us-west-2": "PDX",
}
"""AWS region -> the airport (IATA) next to where it is said to be."""


@dataclass(frozen=True)
class Place:
    """A name and a point: degrees north and east."""

    name: str
    lat: float
    lon: float


@functools.cache
def _airports() -> Mapping[str, Any]:
    import airportsdata

    return dict(airportsdata.load("IATA"))


def city(code: str) -> Place | None:
    """The city of a POP's code; None for a code that is no airport's."""
    row = _airports().get(code[:3])
    return Place(str(row["city"]), float(row["lat"]), float(row["lon"])) if row else None


def region(name: str) -> Place | None:
    """Where a region is; None for one that nobody told of."""
    at = city(REGIONS[name]) if name in REGIONS else None
    return Place(name, at.lat, at.lon) if at else None
