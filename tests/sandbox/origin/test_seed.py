"""The first rows and the photos: the same everywhere, and nobody invented."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sandbox.origin.database import Database
from sandbox.origin.photos import Photos, draw
from sandbox.origin.routes import Asked, Kind, Site, find
from sandbox.origin.secret_files import token
from sandbox.origin.seed import Seed, from_catalogue, guests, vendors
from sandbox.run import Run

CATALOGUE = """
schema: wedcache.catalogue/1
platform: {zone: weddings.example, vendors: [florist-7]}
weddings:
  - {id: como, name: Villa Balbiano, priority: high, days: [2027-06-12], hosts: [como.weddings.example],
     venue: {lat: 45.97, lon: 9.17}, guests: {IT: 2, "NO": 1}, vendors: [florist-7, caterer-99]}
"""


def test_the_seed_follows_the_catalogue(tmp_path: Path) -> None:
    """Guests are numbered through the countries (Norway is not `false`), and every booked vendor exists."""
    path = tmp_path / "catalogue.yaml"
    path.write_text(CATALOGUE)
    seed = from_catalogue(path)
    assert list(guests(seed.weddings[0])) == [(1, "IT", 1), (2, "IT", 1), (3, "NO", 1)]
    assert ("caterer-99", "Caterer 99", "caterer") in set(vendors(seed))
    database = Database(tmp_path / "db.sqlite", seed)
    assert database.counts()["guests"] == 3
    assert database.counts()["bookings"] == 2
    database.close()


def test_two_regions_begin_with_the_same_rows_and_keep_them(tmp_path: Path) -> None:
    """Two fresh databases are equal row by row; opening one again seeds nothing twice."""
    dumps = []
    for name in ("eu", "us", "eu"):
        Database(tmp_path / name, Seed()).close()
        connection = sqlite3.connect(tmp_path / name)
        dumps.append(list(connection.iterdump()))
        connection.close()
    assert dumps[0] == dumps[1] == dumps[2]


def test_a_photo_depends_on_its_number_and_width_alone(tmp_path: Path) -> None:
    """Drawn twice the bytes are equal; another number gives another photo; what exists is not drawn again."""
    assert draw(3, 320) == draw(3, 320) != draw(4, 320)
    photos = Photos(Run(tmp_path))
    assert photos.ensure() == 36
    assert photos.ensure() == 0
    assert photos.read(3, 320) == draw(3, 320)


def test_a_token_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    """Whoever asks gets the same token, from a file of mode 0600."""
    run = Run(tmp_path)
    assert token(run, "content-editor") == token(run, "content-editor")
    assert (tmp_path / "content-editor.token").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["content-editor.token"]


def test_parameters_that_mean_nothing_are_no_part_of_the_key() -> None:
    """Keys differ by the parameters that the table names, and by nothing else that a guest may add."""

    def key(path: str, **query: str) -> str:
        asked = find(Site.PORTAL, "", "GET", path, query)
        assert isinstance(asked, Asked)
        return asked.key

    assert key("/search", q="a") == key("/search", q="a", utm="x") != key("/search", q="b")
    assert key("/vendors/florist-7", q="a") == key("/vendors/florist-7")


def test_personal_paths_and_writes_have_no_tier() -> None:
    """What must not be cached has nothing in the table that a cache could use."""
    for method, path in (("GET", "/guests"), ("POST", "/rsvp"), ("PUT", "/pages/schedule"), ("GET", "/_ops/x")):
        asked = find(Site.WEDDING, "como", method, path, {})
        assert isinstance(asked, Asked)
        assert asked.route.kind is not Kind.CACHEABLE
        assert asked.route.tier is None
