"""The writes that this region prepared or holds, and their effect on the tables; stamps decide, never arrival order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.origin.database import Database


@dataclass(frozen=True)
class Write:
    """One write. (epoch, n) is its stamp, given by the region that was home; `payload` names the wedding."""

    id: str
    kind: str
    payload: dict[str, Any]
    epoch: int
    n: int


@dataclass(frozen=True)
class State:
    """What became of a write here: its state, and in how many regions it was acknowledged (None: not by us)."""

    state: str
    acknowledged: int | None


class HeldWrites:
    """The table `writes`. Every change is on disk when its method returns; raises sqlite3.Error where it cannot be."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._epoch = -1

    def state(self, write_id: str) -> State | None:
        """What is known of a write; None for an unknown one."""
        found = self._database.rows("SELECT state, acknowledged FROM writes WHERE id = ?", write_id)
        return State(**found[0]) if found else None

    def prepare(self, write_id: str, kind: str, payload: dict[str, Any], epoch: int) -> Write:
        """Stamp a write after every other of its epoch and keep it without any effect."""
        with self._database.transaction() as connection:
            (n,) = connection.execute("SELECT coalesce(max(n), 0) + 1 FROM writes WHERE epoch = ?", (epoch,)).fetchone()
            if kind == "page":
                row = connection.execute(
                    "SELECT version + 1 FROM pages WHERE owner = ? AND page = ?", (payload["wedding"], payload["page"])
                ).fetchone()
                payload = {**payload, "version": row[0]}
            write = Write(write_id, kind, payload, epoch, n)
            _keep(connection, write, "pending")
        return write

    def hold(self, write: Write, *, acknowledged: int | None = None, owed: bool = False) -> None:
        """Give the write its effect; with `acknowledged` the asker is told yes right after."""
        with self._database.transaction() as connection:
            _keep(connection, write, "held", acknowledged, owed=owed)
            _effect(connection, write)

    def refuse(self, write_id: str) -> None:
        """The asker is told that nothing was acknowledged; a write that is already held stays held."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE writes SET state = 'refused' WHERE id = ? AND state = 'pending'", (write_id,))

    def owed(self, limit: int = 50) -> list[Write]:
        """The oldest writes that the other region still has to get."""
        found = self._database.rows(
            "SELECT id, kind, payload, epoch, n FROM writes WHERE owed = 1 ORDER BY epoch, n LIMIT ?", limit
        )
        return [Write(**{**row, "payload": json.loads(row["payload"])}) for row in found]

    def owing(self) -> int:
        """How many writes the other region still has to get."""
        return int(self._database.rows("SELECT count(*) AS n FROM writes WHERE owed = 1")[0]["n"])

    def paid(self, write_ids: Iterable[str]) -> None:
        """The other region holds them now."""
        with self._database.transaction() as connection:
            connection.executemany("UPDATE writes SET owed = 0 WHERE id = ?", ((one,) for one in write_ids))

    def witness(self) -> dict[str, Any]:
        """Ids and counts for the witness: acknowledged here (id -> regions that held it), held here, refused, owed."""
        found = self._database.rows("SELECT id, state, acknowledged, owed FROM writes ORDER BY epoch, n, id")
        return {
            "acknowledged": {row["id"]: row["acknowledged"] for row in found if row["acknowledged"] is not None},
            "held": [row["id"] for row in found if row["state"] == "held"],
            "refused": [row["id"] for row in found if row["state"] == "refused"],
            "pending": [row["id"] for row in found if row["state"] == "pending"],
            "owed": sum(row["owed"] for row in found),
        }

    def seen_epoch(self, heard: int = 0) -> int:
        """The highest epoch that this region ever heard of, `heard` included; survives a restart."""
        if 0 <= self._epoch >= heard:
            return self._epoch
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO meta VALUES ('epoch', ?)"
                " ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
                (heard,),
            )
            (epoch,) = connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        self._epoch = int(epoch)
        return self._epoch


def as_json(write: Write) -> dict[str, Any]:
    """For the wire; `Write(**...)` is the way back."""
    return asdict(write)


def _keep(
    connection: sqlite3.Connection, write: Write, state: str, acknowledged: int | None = None, *, owed: bool = False
) -> None:
    connection.execute(
        "INSERT INTO writes VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET payload = excluded.payload,"
        " epoch = excluded.epoch, n = excluded.n, owed = max(owed, excluded.owed),"
        " state = CASE WHEN state = 'held' THEN 'held' ELSE excluded.state END,"
        " acknowledged = coalesce(max(acknowledged, excluded.acknowledged), acknowledged, excluded.acknowledged)",
        (write.id, write.kind, json.dumps(write.payload), write.epoch, write.n, state, acknowledged, int(owed)),
    )


def _effect(connection: sqlite3.Connection, write: Write) -> None:
    """Newer stamps win; the same write twice changes nothing."""
    what, stamp = write.payload, (write.epoch, write.n)
    if write.kind == "rsvp":
        connection.execute(
            "INSERT INTO rsvps VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (wedding, guest) DO UPDATE SET"
            " attending = excluded.attending, menu = excluded.menu, epoch = excluded.epoch, n = excluded.n"
            " WHERE (excluded.epoch, excluded.n) > (epoch, n)",
            (what["wedding"], what["guest"], int(what["attending"]), what["menu"], *stamp),
        )
    elif write.kind == "page":
        connection.execute(
            "UPDATE pages SET title = coalesce(?, title), text = ?, version = max(version, ?), epoch = ?, n = ?"
            " WHERE owner = ? AND page = ? AND (?, ?) > (epoch, n)",
            (what.get("title"), what["text"], what["version"], *stamp, what["wedding"], what["page"], *stamp),
        )
    else:
        raise ValueError(f"no write of kind {write.kind!r}")
