"""Who comes: a sample of those invited, each with the wedding, the number on its list, and the city to visit from."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sandbox.origin.seed import Seed, guests

CITIES: dict[str, tuple[str, ...]] = {
    "AU": ("SYD",),
    "DE": ("FRA",),
    "FR": ("CDG",),
    "GB": ("LHR",),
    "ID": ("CGK",),
    "IT": ("MXP",),
    "JP": ("NRT",),
    "MX": ("QRO",),
    "SG": ("SIN",),
    "US": ("JFK", "IAD", "LAX"),
}
"""Country (ISO 3166-1) -> the cities (IATA) that its guests visit from; the first is where most are."""
ANYWHERE = ("FRA",)


@dataclass(frozen=True)
class Person:
    """One guest: `number` on the wedding's list, the wedding's host, the city."""

    wedding: str
    host: str
    number: int
    city: str


def invited(seed: Seed) -> Iterator[Person]:
    """Everybody on the lists of all weddings, in the catalogue's order; a country's guests are spread by Zipf's law."""
    for wedding in seed.weddings:
        for number, country, _ in guests(wedding):
            cities = CITIES.get(country, ANYWHERE)
            # 1, 1/2, 1/3 of the weight: of eleven guests six, three and two.
            weights = [1 / rank for rank in range(1, len(cities) + 1)]
            chance = random.Random(f"{wedding.id}/{number}")  # noqa: S311 - a journey, not a secret
            city = chance.choices(cities, weights=weights)[0]
            yield Person(wedding.id, wedding.hosts[0], number, city)


def crowd(seed: Seed, chosen: int, count: int) -> Sequence[Person]:
    """`count` guests of those invited, drawn by `chosen`; some come twice where fewer are invited."""
    everybody = list(invited(seed))
    chance = random.Random(chosen)  # noqa: S311 - a sample, not a secret
    drawn: list[Person] = []
    while len(drawn) < count:
        drawn += chance.sample(everybody, min(count - len(drawn), len(everybody)))
    return drawn
