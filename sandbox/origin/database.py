"""One region's database: SQLite in WAL mode, seeded from the catalogue; every read is counted for the witness."""

from __future__ import annotations

import contextvars
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox.origin import seed as rows
from sandbox.origin.seed import PORTAL, Seed

SCHEMA = Path(__file__).with_name("schema.sql")
PAGE_SIZE = 10


class Tally:
    """Database reads of one request."""

    def __init__(self) -> None:
        self.reads = 0


TALLY: contextvars.ContextVar[Tally | None] = contextvars.ContextVar("tally", default=None)


class Database:
    """Reads of the application. Every method raises sqlite3.Error where the database fails."""

    def __init__(self, path: Path, seed: Seed) -> None:
        self.reads = 0
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=1.0)
        self._connection.row_factory = sqlite3.Row
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.executescript(SCHEMA.read_text())
        if not self.rows("SELECT id FROM weddings LIMIT 1"):
            self._seed(seed)

    def close(self) -> None:
        """Let the file go; any later call raises sqlite3.ProgrammingError."""
        self._connection.close()

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """One counted read."""
        self.reads += 1
        tally = TALLY.get()
        if tally is not None:
            tally.reads += 1
        return [dict(row) for row in self._connection.execute(sql, values)]

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, on disk when it returns (synchronous=FULL)."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def page(self, owner: str, page: str) -> dict[str, Any] | None:
        """{title, text, version} of one page; None where there is none."""
        found = self.rows("SELECT title, text, version FROM pages WHERE owner = ? AND page = ?", owner, page)
        return found[0] if found else None

    def photos(self, wedding: str, number: int | None = None) -> list[dict[str, Any]]:
        """{number, caption, version} of one photo or of all."""
        if number is None:
            return self.rows("SELECT number, caption, version FROM photos WHERE wedding = ? ORDER BY number", wedding)
        return self.rows(
            "SELECT number, caption, version FROM photos WHERE wedding = ? AND number = ?", wedding, number
        )

    def vendor(self, vendor: str) -> dict[str, Any] | None:
        """{id, name, trade, version, booked}; None for an unknown vendor."""
        found = self.rows(
            "SELECT id, name, trade, version, (SELECT count(*) FROM bookings WHERE vendor = id) AS booked"
            " FROM vendors WHERE id = ?",
            vendor,
        )
        return found[0] if found else None

    def search(self, words: str, page: int) -> list[dict[str, Any]]:
        """One page (from 1) of the vendors whose name holds `words`."""
        return self.rows(
            "SELECT id, name, trade FROM vendors WHERE instr(lower(name), lower(?)) > 0 ORDER BY id LIMIT ? OFFSET ?",
            words,
            PAGE_SIZE,
            (page - 1) * PAGE_SIZE,
        )

    def guest(self, wedding: str, number: int) -> dict[str, Any] | None:
        """{number, country, seat, attending, menu, invited}; the answer is null until the guest gave one."""
        found = self.rows(
            "SELECT number, country, seat, attending, menu,"
            " (SELECT count(*) FROM guests WHERE wedding = g.wedding) AS invited FROM guests g"
            " LEFT JOIN rsvps r ON r.wedding = g.wedding AND r.guest = g.number WHERE g.wedding = ? AND number = ?",
            wedding,
            number,
        )
        return found[0] if found else None

    def counts(self) -> dict[str, int]:
        """Rows per table, for the witness; raises sqlite3.Error where the database fails."""
        tables = ("weddings", "pages", "guests", "rsvps", "photos", "vendors", "bookings", "writes")
        sql = ", ".join(f"(SELECT count(*) FROM {name}) AS {name}" for name in tables)  # noqa: S608 - names from here
        (found,) = self.rows(f"SELECT {sql}")
        return found

    def _seed(self, seed: Seed) -> None:
        with self.transaction() as connection:
            connection.executemany("INSERT INTO vendors VALUES (?, ?, ?, 1)", rows.vendors(seed))
            portal = (PORTAL, "portal", "Weddings", f"Everything for the day, {len(seed.weddings)} wedding(s) in care.")
            insert_page = "INSERT INTO pages (owner, page, title, text, version) VALUES (?, ?, ?, ?, 1)"
            connection.execute(insert_page, portal)
            for wedding in seed.weddings:
                days = ",".join(wedding.days)
                connection.execute(
                    "INSERT INTO weddings VALUES (?, ?, ?, ?)", (wedding.id, wedding.name, days, wedding.hosts[0])
                )
                connection.executemany(insert_page, ((wedding.id, *page) for page in rows.pages(wedding)))
                connection.executemany(
                    "INSERT INTO guests VALUES (?, ?, ?, ?)", ((wedding.id, *g) for g in rows.guests(wedding))
                )
                connection.executemany(
                    "INSERT INTO photos VALUES (?, ?, ?, 1)",
                    ((wedding.id, number, f"View {number}") for number in range(1, rows.PHOTOS + 1)),
                )
                connection.executemany("INSERT INTO bookings VALUES (?, ?)", ((wedding.id, v) for v in wedding.vendors))
