"""What is wrong with a catalogue beyond the shape of single values; each finding has its path, for the line."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from controlplane.domain.catalogue import Catalogue, Platform, PlatformWindow, Venue, Wedding
from controlplane.domain.event_days import day_span
from controlplane.domain.zones import UnknownZone, Zones

Path = tuple[str | int, ...]
# (lat, lon) -> the IANA zone on land, None at sea.
ZoneLookup = Callable[[float, float], str | None]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where (keys and list indexes from the top), and what would be right."""

    path: Path
    text: str


def problems(catalogue: Catalogue, zones: Zones, zone_at: ZoneLookup) -> list[Problem]:
    """Everything that is wrong with `catalogue`, in the order of the file's parts; empty when it can be compiled."""
    found = list(_platform(catalogue.platform, zones))
    found += _repeated(((("weddings", i, "id"), w.id) for i, w in enumerate(catalogue.weddings)), "wedding id")
    hosts = (
        (("weddings", i, "hosts", j), host) for i, w in enumerate(catalogue.weddings) for j, host in enumerate(w.hosts)
    )
    found += _repeated(hosts, "host")
    for index, wedding in enumerate(catalogue.weddings):
        found += _wedding(("weddings", index), wedding, catalogue.platform, zones, zone_at)
    return found


def leg_zone(venue: Venue, zone_at: ZoneLookup) -> tuple[str, bool]:
    """The venue's zone name and whether it was derived; an empty name at sea without a zone."""
    return (venue.zone, False) if venue.zone is not None else (zone_at(venue.lat, venue.lon) or "", True)


def _repeated(values: Iterable[tuple[Path, str]], what: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for path, value in values:
        if value in seen:
            yield Problem(path, f"{what} {value!r} is used twice; each must be unique in the file")
        seen.add(value)


def _wedding(path: Path, wedding: Wedding, platform: Platform, zones: Zones, zone_at: ZoneLookup) -> Iterator[Problem]:
    yield from _leg(path, wedding.days, wedding.venue, zones, zone_at)
    for index, leg in enumerate(wedding.legs):
        yield from _leg((*path, "legs", index), leg.days, leg.venue, zones, zone_at)
    for index, vendor in enumerate(wedding.vendors):
        if vendor not in platform.vendors:
            near = difflib.get_close_matches(vendor, platform.vendors, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "add it there first"
            yield Problem((*path, "vendors", index), f"vendor {vendor!r} is not in platform.vendors; {hint}")


def _leg(path: Path, days: Sequence[date], venue: Venue, zones: Zones, zone_at: ZoneLookup) -> Iterator[Problem]:
    name, _ = leg_zone(venue, zone_at)
    if not name:
        place = f"lat {venue.lat}, lon {venue.lon}"
        yield Problem(
            (*path, "venue"),
            f"the venue ({place}) is at sea, where no zone follows from the place; add zone: the ship's, as Europe/Rome"
            " (if it is on land, look at the signs of lat and lon)",
        )
        return
    yield from _days((*path, "venue", "zone"), (*path, "days"), days, name, zones)


def _days(zone_path: Path, days_path: Path, days: Sequence[date], name: str, zones: Zones) -> Iterator[Problem]:
    try:
        rules = zones.zone(name)
    except UnknownZone as unknown:
        yield Problem(zone_path, str(unknown))
        return
    for index, day in enumerate(days):
        if day in days[:index]:
            yield Problem((*days_path, index), f"{day} is listed twice")
        elif day_span(day, rules).is_empty:
            yield Problem((*days_path, index), f"{day} does not exist in {name}: the zone skipped that date")


def _platform(platform: Platform, zones: Zones) -> Iterator[Problem]:
    yield from _repeated(((("platform", "vendors", i), v) for i, v in enumerate(platform.vendors)), "vendor")
    named = ((("platform", "windows", i, "id"), w.id) for i, w in enumerate(platform.windows) if w.id is not None)
    yield from _repeated(named, "window id")
    for index, window in enumerate(platform.windows):
        yield from _window(("platform", "windows", index), window, zones)


def _window(path: Path, window: PlatformWindow, zones: Zones) -> Iterator[Problem]:
    by_instants = window.start is not None or window.end is not None
    by_dates = bool(window.dates) or window.zone is not None
    shape = "write either {id, start, end} as instants with an offset, or {id, dates, zone}"
    if by_instants == by_dates:
        yield Problem(path, f"the window has {'both forms' if by_dates else 'no time'}; {shape}")
    elif by_dates:
        if not window.dates or window.zone is None:
            yield Problem(path, f"dates and zone belong together; {shape}")
        else:
            yield from _days((*path, "zone"), (*path, "dates"), window.dates, window.zone, zones)
    elif window.start is None or window.end is None:
        yield Problem(path, f"start and end belong together; {shape}")
    elif window.end <= window.start:
        yield Problem((*path, "end"), "end must be after start")
    elif window.id is None:
        yield Problem(path, f"a window given by instants needs an id; {shape}")
