"""The worlds that the sandbox can be: how wide it is, as data. Nothing else knows which regions, cities or weddings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sandbox.run import Run

PROJECT = Path(__file__).resolve().parents[1]
KEY = "world"
"""Where a run's registry says which world it is."""


@dataclass(frozen=True)
class Pop:
    """One POP: its code as its CDN spells it, and that CDN. The first three letters name the city (IATA)."""

    code: str
    cdn: str


@dataclass(frozen=True)
class Crowd:
    """The guests: how many there are, and requests a second of all of them together while answers are quick."""

    count: int
    rate: float


@dataclass(frozen=True)
class World:
    """One world. The home region stands first in `regions`, the standby second.

    `store_regions` have a bucket of the shared store; `begins` lies before every window of the catalogue's weddings,
    `over` after all of them. Each wedding is a stack; those in `cells` share distributions.
    """

    name: str
    regions: tuple[str, ...]
    store_regions: tuple[str, str, str]
    pops: tuple[Pop, ...]
    weddings: tuple[str, ...]
    catalogue: Path
    begins: datetime
    over: datetime
    crowd: Crowd
    cells: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        """The home region."""
        return self.regions[0]

    @property
    def standby(self) -> str:
        """The region that takes over."""
        return self.regions[1]

    def at(self, cdn: str) -> tuple[str, ...]:
        """The codes of one CDN's POPs."""
        return tuple(pop.code for pop in self.pops if pop.cdn == cdn)

    def first(self, cdn: str) -> str:
        """The CDN's POP that operators' own requests reach."""
        return self.at(cdn)[0]

    def edge_processes(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """(process name, CDN, codes): one process a CDN, named after its POP where it has only one."""
        for cdn in dict.fromkeys(pop.cdn for pop in self.pops):
            codes = self.at(cdn)
            yield (f"pop-{codes[0]}" if len(codes) == 1 else f"pops-{cdn}"), cdn, codes


SHORT = World(
    name="short",
    regions=("eu-central-1", "us-east-1"),
    store_regions=("eu-central-1", "us-east-1", "eu-west-1"),
    pops=(Pop("FRA56-P1", "cloudfront"), Pop("FRA", "cloudflare")),
    weddings=("como",),
    catalogue=PROJECT / "catalogue.yaml",
    begins=datetime(2027, 6, 11, 7, 0, tzinfo=UTC),
    over=datetime(2027, 6, 13, 4, 5, tzinfo=UTC),
    crowd=Crowd(count=60, rate=90.0),
)
"""One wedding, two regions, one city: what a rehearsal of a minute shows."""

_CODES = (
    *(("FRA", "FRA56-P1"), ("MXP", "MXP64-P1"), ("LHR", "LHR61-P2"), ("CDG", "CDG52-P1"), ("IAD", "IAD89-C1")),
    *(("JFK", "JFK50-P3"), ("LAX", "LAX53-P2"), ("QRO", "QRO50-P1"), ("SIN", "SIN2-P1"), ("CGK", "CGK50-P1")),
    *(("SYD", "SYD62-P1"), ("NRT", "NRT57-P2")),
)

FULL = World(
    name="full",
    regions=("eu-central-1", "us-east-1", "ap-southeast-1"),
    store_regions=("eu-central-1", "us-east-1", "ap-southeast-1"),
    pops=(*(Pop(code, "cloudfront") for _, code in _CODES), *(Pop(city, "cloudflare") for city, _ in _CODES)),
    weddings=("como", "ubud", "tulum"),
    catalogue=Path(__file__).with_name("saturday.yaml"),
    begins=datetime(2027, 6, 10, 7, 0, tzinfo=UTC),
    over=datetime(2027, 6, 13, 11, 5, tzinfo=UTC),
    crowd=Crowd(count=180, rate=120.0),
    cells=("default",),
)
"""Three weddings on one Saturday in three time zones, three regions, twelve cities with a POP of each CDN."""

WORLDS: dict[str, World] = {world.name: world for world in (SHORT, FULL)}


def world_of(run: Run) -> World:
    """The world that a run was started as; the short one where nothing was started. Raises KeyError for another."""
    return WORLDS[str(run.read().get(KEY, SHORT.name))]
