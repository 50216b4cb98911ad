"""Round trips between the places of the sandbox, in milliseconds, from one table.

Typical medians between cloud regions over the public backbone; a POP counts as its city's region. Only the order of
size matters: the sandbox shows what waits for a far answer and what does not.
"""

from __future__ import annotations

ROUND_TRIPS_MS: dict[frozenset[str], float] = {
    frozenset({"eu-central-1", "us-east-1"}): 90.0,
    frozenset({"eu-central-1", "eu-west-1"}): 25.0,
    frozenset({"us-east-1", "eu-west-1"}): 70.0,
}

NEAREST_REGION: dict[str, str] = {"FRA": "eu-central-1", "IAD": "us-east-1", "DUB": "eu-west-1"}

SAME_PLACE_MS = 1.0


def place(name: str) -> str:
    """The region at `name`, which is a region or a POP code (its first three letters are the IATA code of its city)."""
    return NEAREST_REGION.get(name[:3], name) if name[:3].isupper() else name


def round_trip_seconds(one: str, other: str) -> float:
    """Seconds for a request and its answer between two places. Raises KeyError for an unknown pair."""
    a, b = place(one), place(other)
    if a == b:
        return SAME_PLACE_MS / 1000
    return ROUND_TRIPS_MS[frozenset({a, b})] / 1000
