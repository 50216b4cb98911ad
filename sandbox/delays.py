"""Round trips between the places of the sandbox, in milliseconds, from one table.

Typical medians between cloud regions over the public backbone, and from cities to regions. Only the order of size
matters: the sandbox shows what waits for a far answer and what does not.
"""

from __future__ import annotations

REGIONS = ("eu-central-1", "us-east-1", "ap-southeast-1", "eu-west-1")

SAME_PLACE_MS = 1.0

ROUND_TRIPS_MS: dict[frozenset[str], float] = {
    frozenset({"eu-central-1", "us-east-1"}): 90.0,
    frozenset({"eu-central-1", "eu-west-1"}): 25.0,
    frozenset({"us-east-1", "eu-west-1"}): 70.0,
    frozenset({"eu-central-1", "ap-southeast-1"}): 160.0,
    frozenset({"us-east-1", "ap-southeast-1"}): 220.0,
    frozenset({"eu-west-1", "ap-southeast-1"}): 175.0,
}

CITIES: dict[str, tuple[float, ...]] = {
    "FRA": (SAME_PLACE_MS, 90.0, 160.0, 25.0),
    "MXP": (10.0, 98.0, 168.0, 30.0),
    "LHR": (13.0, 76.0, 172.0, 11.0),
    "CDG": (9.0, 82.0, 164.0, 18.0),
    "DUB": (25.0, 70.0, 175.0, SAME_PLACE_MS),
    "IAD": (90.0, SAME_PLACE_MS, 220.0, 70.0),
    "JFK": (84.0, 7.0, 226.0, 68.0),
    "LAX": (145.0, 62.0, 172.0, 132.0),
    "QRO": (138.0, 48.0, 230.0, 126.0),
    "SIN": (160.0, 220.0, SAME_PLACE_MS, 175.0),
    "CGK": (174.0, 232.0, 14.0, 188.0),
    "SYD": (248.0, 198.0, 93.0, 256.0),
    "NRT": (224.0, 148.0, 70.0, 204.0),
}
"""City (IATA) -> milliseconds to each of `REGIONS`, in their order."""


def round_trip_seconds(one: str, other: str) -> float:
    """Seconds for a request and its answer between a region, or a POP (its code's first three letters are the IATA code
    of its city), and a region. Raises KeyError for a place that the tables do not have."""
    if one == other:
        return SAME_PLACE_MS / 1000
    if one[:3] in CITIES:
        return dict(zip(REGIONS, CITIES[one[:3]], strict=True))[other] / 1000
    return ROUND_TRIPS_MS[frozenset({one, other})] / 1000
