"""The worlds as data: each is whole in itself, and its catalogue's windows lie between its beginning and its end."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlplane.adapters.system import catalogue_file
from controlplane.domain.catalogue import Catalogue
from sandbox import delays
from sandbox.run import Run, write_json
from sandbox.world import FULL, SHORT, WORLDS, World, world_of

ALL = pytest.mark.parametrize("world", WORLDS.values(), ids=list(WORLDS))


def catalogue(world: World) -> Catalogue:
    """The world's catalogue."""
    return catalogue_file.load(world.catalogue)


@ALL
def test_every_window_lies_inside_the_world(world: World) -> None:
    """No window has begun when a world begins, and none holds when it is over; its weddings are its catalogue's."""
    found = catalogue(world)
    calendar = catalogue_file.calendar(world.catalogue, world.begins)
    rules = [rule for subject in calendar.weddings.values() for rule in subject.rules]
    assert world.begins < min(rule.start for rule in rules)
    assert max(rule.end for rule in rules) < world.over
    assert {row.id for row in found.weddings} == set(world.weddings)


@ALL
def test_every_place_has_its_distances(world: World) -> None:
    """From each POP and each region to each region there is a row in the delay table; next door is next door."""
    places = [*(pop.code for pop in world.pops), *world.regions]
    trips = {(one, other): delays.round_trip_seconds(one, other) for one in places for other in world.regions}
    assert min(trips.values()) == delays.SAME_PLACE_MS / 1000
    assert all(trips[one, other] == trips[other, one] for one in world.regions for other in world.regions)


def test_the_full_world_is_as_wide_as_it_says() -> None:
    """Three weddings in three time zones on one Saturday, three regions, twelve cities with a POP of each CDN."""
    rows = catalogue(FULL).weddings
    assert {(row.venue.zone, tuple(map(str, row.days))) for row in rows} == {
        (zone, ("2027-06-12",)) for zone in ("Europe/Rome", "Asia/Makassar", "America/Cancun")
    }
    cities = [{code[:3] for code in FULL.at(cdn)} for cdn in ("cloudfront", "cloudflare")]
    assert cities[0] == cities[1]
    assert (len(cities[0]), len(FULL.regions), len(set(FULL.store_regions))) == (12, 3, 3)
    assert [name for name, _, _ in FULL.edge_processes()] == ["pops-cloudfront", "pops-cloudflare"]
    assert [name for name, _, _ in SHORT.edge_processes()] == ["pop-FRA56-P1", "pop-FRA"]


def test_a_run_knows_its_world(tmp_path: Path) -> None:
    """What the registry says; a folder without one is the short world, and an unknown name is an error."""
    run = Run(tmp_path)
    assert world_of(run) is SHORT
    write_json(run.registry, {"world": "full"})
    assert world_of(run) is FULL
    write_json(run.registry, {"world": "flat"})
    with pytest.raises(KeyError, match="flat"):
        world_of(run)
