"""What the database holds at first: rows computed from the catalogue, the same in every region and every run.

Nobody is invented: guests are numbers ("Guest 17"), vendors are their trade and a number ("Florist 7").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TRADES = ("florist", "caterer", "music", "photo", "venue")
VENDORS_PER_TRADE = 8
PHOTOS = 12
PHOTO_WIDTHS = (320, 640, 1280)
PORTAL = "portal"


@dataclass(frozen=True)
class WeddingSeed:
    """One wedding of the catalogue: guests per ISO 3166-1 country, local event days."""

    id: str = "como"
    name: str = "Villa Balbiano"
    days: tuple[str, ...] = ("2027-06-12",)
    hosts: tuple[str, ...] = ("como.weddings.example",)
    guests: Mapping[str, int] = field(default_factory=lambda: {"IT": 80, "GB": 30, "US": 20})
    vendors: tuple[str, ...] = ("florist-7",)


@dataclass(frozen=True)
class Seed:
    """Everything that the first rows are computed from."""

    zone: str = "weddings.example"
    weddings: tuple[WeddingSeed, ...] = (WeddingSeed(),)

    @property
    def portal_host(self) -> str:
        """The host that all weddings share."""
        return f"app.{self.zone}"


def from_catalogue(path: Path) -> Seed:
    """Read the fields that the origin needs from a catalogue file (`wedcache.catalogue/1`)."""
    from ruamel.yaml import YAML

    read: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text())
    weddings = tuple(
        WeddingSeed(
            id=row["id"],
            name=row["name"],
            days=tuple(str(day) for day in row["days"]),
            hosts=tuple(row["hosts"]),
            guests=dict(row.get("guests", {})),
            vendors=tuple(row.get("vendors", ())),
        )
        for row in read["weddings"]
    )
    return Seed(read["platform"]["zone"], weddings)


def pages(wedding: WeddingSeed) -> Iterator[tuple[str, str, str]]:
    """(page, title, text) of one wedding's pages, version 1."""
    days = " and ".join(wedding.days)
    yield "home", wedding.name, f"We celebrate at {wedding.name} on {days}."
    yield "schedule", "Schedule", "15:00 ceremony in the garden\n17:00 drinks on the terrace\n19:30 dinner\n22:00 dance"
    yield "travel", "Travel", "The boat leaves the pier at 14:00. Parking is at the north gate."
    yield "gallery", "Gallery", f"{PHOTOS} photos of the place."


def guests(wedding: WeddingSeed) -> Iterator[tuple[int, str, int]]:
    """(number, country, table) of every guest, numbered through all countries in the catalogue's order."""
    number = 0
    for country, count in wedding.guests.items():
        for _ in range(count):
            number += 1
            yield number, country, 1 + (number - 1) // 8


def vendors(seed: Seed) -> Iterator[tuple[str, str, str]]:
    """(id, name, trade) of the marketplace: every trade's numbers, and whoever the catalogue names beyond them."""
    listed = {f"{trade}-{number}" for trade in TRADES for number in range(1, VENDORS_PER_TRADE + 1)}
    listed.update(vendor for wedding in seed.weddings for vendor in wedding.vendors)
    for vendor in sorted(listed):
        trade, _, number = vendor.rpartition("-")
        yield vendor, f"{trade.replace('-', ' ').capitalize()} {number}", trade
