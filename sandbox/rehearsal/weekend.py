"""The weekend as the screen, the page and `report.json` tell it (pure): windows, events, refusals, budget, guests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.rehearsal.course import Course, Event, Window, events, windows
from sandbox.rehearsal.evidence import Evidence
from sandbox.rehearsal.phase_budget import Phase, phases
from sandbox.rehearsal.refusals import Refusal, refusals
from sandbox.rehearsal.series import City, Row, Series, cities, series


@dataclass(frozen=True)
class Venue:
    """Where a wedding is celebrated, in degrees, and its home region."""

    wedding: str
    lat: float
    lon: float


@dataclass(frozen=True)
class Weekend:
    """Everything but the claims; each part is empty where nothing of it was seen.

    `regions`: the home region first. `cities` are keyed by IATA code. `lost` names the region that was stopped.
    """

    regions: tuple[str, ...] = ()
    venues: tuple[Venue, ...] = ()
    windows: tuple[Window, ...] = ()
    course: Course = field(default_factory=lambda: Course(()))
    events: tuple[Event, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    failover: tuple[Phase, ...] = ()
    series: Series = field(default_factory=Series)
    cities: Mapping[str, City] = field(default_factory=dict)
    lost: str = ""

    def to_json(self) -> dict[str, Any]:
        """What joins `figures` of the report; {} where nothing was seen. Seconds count from the first request."""
        parts: dict[str, Any] = {
            "windows": [window.to_json() for window in self.windows],
            "events": [_event(event, self.series) for event in self.events],
            "refused": [refusal.to_json() for refusal in self.refusals],
            "failover": {phase.name: {"planned": phase.planned, "taken": phase.taken} for phase in self.failover},
            "cities": {code: asdict(city) for code, city in self.cities.items()},
            "series": self.series.to_json() if self.series.points else {},
        }
        return {name: part for name, part in parts.items() if part}


def _event(event: Event, over: Series) -> dict[str, Any]:
    at = event.at.isoformat(timespec="seconds").replace("+00:00", "Z") if event.at else None
    return {"name": event.name, "at": at, "second": round(event.monotonic - over.began, 1) if over.points else None}


def seen(evidence: Evidence, diary: Iterable[Row]) -> Weekend:
    """The weekend from the evidence and the guests' diary, up to the moment when everything was taken down."""
    world = evidence.one("world")
    if world is None:
        return Weekend()
    rows, until = list(diary), taken_down(evidence)
    loss = evidence.one("loss")
    return Weekend(
        regions=tuple(world["regions"]),
        venues=tuple(Venue(**venue) for venue in world["venues"]),
        windows=windows(evidence),
        course=Course.of(evidence),
        events=events(evidence),
        refusals=refusals(evidence),
        failover=phases(evidence),
        series=series(rows, until),
        cities=cities(rows, until, world["cities"]),
        lost=str(world["regions"][0]) if loss is not None else "",
    )


def taken_down(evidence: Evidence) -> float:
    """When (monotonic) the stacks' destruction began, or whatever ended the run: no guest is served from then on."""
    for name in ("destroy", "end"):
        phase = evidence.one("phase", name=name)
        if phase is not None:
            return phase.monotonic - float(phase["seconds"])
    return float("inf")
