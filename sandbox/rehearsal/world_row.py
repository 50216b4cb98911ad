"""What is written down of a world before anything is played: its regions, cities, venues and freeze windows."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from controlplane.adapters.system import catalogue_file
from controlplane.domain.instant import zulu
from sandbox.rehearsal.course import Window
from sandbox.rehearsal.weekend import Venue
from sandbox.world import World


def facts(world: World) -> dict[str, Any]:
    """The facts of the `world` row, with the windows of the world's weddings as its catalogue compiles to."""
    calendar = catalogue_file.calendar(world.catalogue, world.begins)
    rules = [rule for name in world.weddings for rule in calendar.weddings[name].rules]
    venues = [
        Venue(wedding.id, wedding.venue.lat, wedding.venue.lon)
        for wedding in catalogue_file.load(world.catalogue).weddings
        if wedding.id in world.weddings
    ]
    return {
        "name": world.name,
        "begins": zulu(world.begins),
        "over": zulu(world.over),
        "regions": list(world.regions),
        "cities": list(dict.fromkeys(pop.code[:3] for pop in world.pops)),
        "venues": [asdict(venue) for venue in venues],
        "windows": [Window.of(rule).to_json() for rule in (*rules, *calendar.platform)],
    }
