"""Which time zone a venue on land is in, from its coordinates (tzfpy, polygons of timezone-boundary-builder)."""

from __future__ import annotations


def zone_at(lat: float, lon: float) -> str | None:
    """The IANA zone of a place on land; None at sea, where only the ship's own clock counts."""
    import tzfpy

    name: str = tzfpy.get_tz(lon, lat)
    return None if not name or name.startswith("Etc/") else name
