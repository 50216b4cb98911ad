"""From a checked catalogue to a compiled calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from controlplane.domain.calendar import Calendar, Provenance, Subject
from controlplane.domain.catalogue import Catalogue, PlatformWindow, Wedding
from controlplane.domain.catalogue_check import ZoneLookup, leg_zone
from controlplane.domain.window import Leg, Rule, RuleIds, platform_day_rules, platform_rule, wedding_rules
from controlplane.domain.zones import Zones

# The agents compile and push every day; a calendar that nobody renewed for so long is not to be trusted.
VALID_FOR = timedelta(days=30)


def compiled(
    catalogue: Catalogue,
    zones: Zones,
    zone_at: ZoneLookup,
    at: datetime,
    *,
    epoch: int = 0,
    valid_for: timedelta = VALID_FOR,
) -> Calendar:
    """The calendar of `catalogue` as of `at` (aware). It must have no problems (`catalogue_check.problems`)."""
    weddings = {wedding.id: _subject(catalogue, wedding, zones, zone_at) for wedding in catalogue.weddings}
    ids = RuleIds()
    platform = tuple(rule for window in catalogue.platform.windows for rule in _platform_rules(window, zones, ids))
    made = Provenance(epoch, zones.version, zones.source, at, at + valid_for)
    return Calendar(made, weddings, platform, strict=catalogue.platform.read_only == "strict")


def _subject(catalogue: Catalogue, wedding: Wedding, zones: Zones, zone_at: ZoneLookup) -> Subject:
    margins = catalogue.margins(wedding)
    rules = wedding_rules(wedding.id, list(_legs(wedding, zones, zone_at)), margins.lead, margins.lag)
    return Subject(rules, wedding.hosts, wedding.vendors, wedding.home, wedding.cell)


def _legs(wedding: Wedding, zones: Zones, zone_at: ZoneLookup) -> Iterator[Leg]:
    for days, venue in ((wedding.days, wedding.venue), *((leg.days, leg.venue) for leg in wedding.legs)):
        name, derived = leg_zone(venue, zone_at)
        yield Leg(days, name, zones.zone(name), derived)


def _platform_rules(window: PlatformWindow, zones: Zones, ids: RuleIds) -> tuple[Rule, ...]:
    if window.start is not None and window.end is not None:
        return (platform_rule(ids.unique(f"platform:{window.id}"), window.start, window.end),)
    if not window.dates or window.zone is None:
        raise ValueError("a platform window without times: the catalogue was not checked")
    name = window.id or str(min(window.dates))
    return platform_day_rules(name, Leg(window.dates, window.zone, zones.zone(window.zone)), ids)
