"""Loads: what a cacheable path shows, read from the database, and a guest's personal page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.origin import render
from sandbox.origin.database import Database
from sandbox.origin.photos import Photos
from sandbox.origin.routes import Asked
from sandbox.origin.seed import PHOTO_WIDTHS, PORTAL


class NotFound(LookupError):
    """The path has the right form, but there is no such thing."""


class Pages:
    """Answers a row of the route table with {"body", "type", "version"}; raises NotFound."""

    def __init__(self, database: Database, photos: Photos, portal_host: str) -> None:
        self._database = database
        self._photos = photos
        self._portal_host = portal_host
        self._loads: dict[str, Callable[[Asked], dict[str, Any]]] = {
            "photo": self._photo,
            "portal": self._portal,
            "vendor": self._vendor,
            "search": self._search,
            "timeline": self._timeline,
            "asset": self._asset,
        }

    def load(self, asked: Asked) -> dict[str, Any]:
        """The value of one cacheable path; photos are named by their file, whose bytes are read at each answer."""
        return self._loads.get(asked.route.page, self._wedding_page)(asked)

    def photo_bytes(self, asked: Asked) -> bytes:
        """The bytes of the photo that `asked` names."""
        read = self._photos.read(int(asked.variables["photo"]), int(asked.variables["width"]))
        if read is None:
            raise NotFound(
                f"no photo {asked.variables['photo']}-{asked.variables['width']}.jpg; widths: {PHOTO_WIDTHS}"
            )
        return read

    def personal(self, wedding: str, guest: int) -> bytes:
        """One guest's invitation, past every cache."""
        row = self._database.guest(wedding, guest)
        if row is None:
            raise NotFound(f"no guest {guest} at this wedding")
        return render.page("Your invitation", render.guest(row), 0, style_host=self._portal_host)

    def _row(self, owner: str, page: str) -> dict[str, Any]:
        row = self._database.page(owner, page)
        if row is None:
            raise NotFound(f"{owner} has no page {page}")
        return row

    def _wedding_page(self, asked: Asked) -> dict[str, Any]:
        row = self._row(asked.wedding, asked.route.page)
        parts = render.lines(row["text"])
        if asked.route.page == "gallery":
            parts += render.gallery(self._database.photos(asked.wedding), PHOTO_WIDTHS[0])
        return _html(render.page(row["title"], parts, row["version"], style_host=self._portal_host), row["version"])

    def _photo(self, asked: Asked) -> dict[str, Any]:
        rows = self._database.photos(asked.wedding, int(asked.variables["photo"]))
        if not rows:
            raise NotFound(f"no photo {asked.variables['photo']} at this wedding")
        return {"body": "", "type": "image/jpeg", "version": rows[0]["version"]}

    def _portal(self, asked: Asked) -> dict[str, Any]:
        row = self._row(PORTAL, asked.route.page)
        return _html(render.page(row["title"], render.lines(row["text"]), row["version"]), row["version"])

    def _vendor(self, asked: Asked) -> dict[str, Any]:
        row = self._database.vendor(asked.variables["vendor"])
        if row is None:
            raise NotFound(f"no vendor {asked.variables['vendor']}")
        parts = render.lines(f"Trade: {row['trade']}\nBooked by {row['booked']} wedding(s)")
        return _html(render.page(row["name"], parts, row["version"]), row["version"])

    def _search(self, asked: Asked) -> dict[str, Any]:
        words, page = asked.query["q"][:80], asked.query["page"]
        rows = self._database.search(words, int(page) if page.isdecimal() and 0 < int(page) < 1000 else 1)
        return _html(render.page(f"Vendors: {words}" if words else "Vendors", render.found(rows), 1), 1)

    def _timeline(self, asked: Asked) -> dict[str, Any]:
        row = self._row(asked.wedding, "schedule")
        body = render.timeline(asked.wedding, row["text"], row["version"])
        return {"body": body.decode(), "type": render.JSON, "version": row["version"]}

    def _asset(self, asked: Asked) -> dict[str, Any]:
        if asked.variables["fingerprint"] != render.FINGERPRINT:
            raise NotFound(f"the style sheet's fingerprint is {render.FINGERPRINT}")
        return {"body": render.STYLE, "type": "text/css; charset=utf-8", "version": 1}


def _html(body: bytes, version: int) -> dict[str, Any]:
    return {"body": body.decode(), "type": render.HTML, "version": version}
