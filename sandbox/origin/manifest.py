"""What to warm of a site, and what tags it has: `/warm.json` (`wedcache.manifest/1`), from rows and route table."""

from __future__ import annotations

from typing import Any

from sandbox.origin import render
from sandbox.origin.database import Database
from sandbox.origin.routes import Site, tags_of, tier_of
from sandbox.origin.seed import PHOTO_WIDTHS


def manifest(database: Database, site: Site, wedding: str) -> dict[str, Any]:
    """Each warmable path of the site with its tier and its tags, critical first."""
    paths = _portal(database) if site is Site.PORTAL else _wedding(database, wedding)
    listed = sorted(((tier_of(site, path), path) for path in paths), key=lambda pair: pair[0].rank)
    pages = [{"path": path, "tier": tier.value, "tags": tags_of(site, wedding, path)} for tier, path in listed]
    return {"schema": "wedcache.manifest/1", "pages": pages}


def _portal(database: Database) -> list[str]:
    vendors = database.rows("SELECT id FROM vendors ORDER BY id")
    weddings = database.rows("SELECT id FROM weddings ORDER BY id")
    return [
        "/",
        f"/static/app.{render.FINGERPRINT}.css",
        "/search",
        *(f"/vendors/{row['id']}" for row in vendors),
        *(f"/api/weddings/{row['id']}/timeline" for row in weddings),
    ]


def _wedding(database: Database, wedding: str) -> list[str]:
    photos = (f"/photos/{row['number']}-{width}.jpg" for row in database.photos(wedding) for width in PHOTO_WIDTHS)
    return ["/", "/schedule", "/travel", "/gallery", *photos]
