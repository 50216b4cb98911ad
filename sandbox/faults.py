"""The faults that the sandbox can show, one row each, and which of them are active.

Signals are sent by `sandbox.processes`; flags are read by the emulators that the row names.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.run import edit_json
from sandbox.watched import WatchedJson


class Kind(enum.Enum):
    """How a fault is made: by stopping processes, or by a flag that emulators obey."""

    STOP = "stop"
    FLAG = "flag"
    STOP_AND_FLAG = "stop-and-flag"


@dataclass(frozen=True)
class Fault:
    """One row: its name, what it targets, how it is made, and what is seen from outside."""

    name: str
    target: str
    kind: Kind
    effect: str


TABLE: dict[str, Fault] = {
    row.name: row
    for row in (
        Fault(
            "region-stopped",
            "an AWS region",
            Kind.STOP_AND_FLAG,
            "its Redis servers and its origin are stopped (SIGSTOP), its buckets answer 503; its agent lives",
        ),
        Fault("origin-slow", "an AWS region", Kind.FLAG, "its origin answers after 3 seconds"),
        Fault(
            "api-503",
            "a vendor (aws or cloudflare)",
            Kind.FLAG,
            "its management API answers 503 in its own envelope",
        ),
        Fault(
            "api-429",
            "a vendor (aws or cloudflare)",
            Kind.FLAG,
            "its management API answers 429 or Throttling",
        ),
        Fault(
            "answer-lost",
            "a vendor (aws or cloudflare)",
            Kind.FLAG,
            "the next mutating call is carried out, then the connection is closed without an answer (once)",
        ),
        Fault("redis-killed", "an AWS region", Kind.STOP, "its Redis servers are killed (SIGKILL)"),
        Fault("pop-down", "a POP code", Kind.STOP, "the POP's process is stopped (SIGSTOP)"),
        Fault("clock-jump", "none", Kind.FLAG, "the calendar jumps forward by one hour"),
    )
}


class Faults:
    """Reads and writes `faults.json`: {"active": [{"name", "target", ...}]}."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = WatchedJson(path)

    def active(self, name: str, target: str | None = None) -> bool:
        """Whether the fault is active for `target`; a fault injected without a target holds for all."""
        return any(
            row["name"] == name and (row.get("target") in (None, target) or target is None)
            for row in self._file.read().get("active", [])
        )

    def listed(self) -> list[dict[str, Any]]:
        """The active faults, oldest first."""
        return list(self._file.read().get("active", []))

    def inject(self, name: str, target: str | None = None) -> Fault:
        """Mark a fault active. Raises KeyError naming the known faults."""
        if name not in TABLE:
            raise KeyError(f"no fault {name!r}; known: {', '.join(TABLE)}")
        with edit_json(self._path) as faults:
            active = faults.setdefault("active", [])
            if {"name": name, "target": target} not in active:
                active.append({"name": name, "target": target})
        return TABLE[name]

    def heal(self, name: str | None = None, target: str | None = None) -> list[dict[str, Any]]:
        """Take back one fault, or all of them; returns the rows that were active."""
        with edit_json(self._path) as faults:
            active = faults.get("active", [])
            gone = [
                row for row in active if name in (None, row["name"]) and (target is None or row.get("target") == target)
            ]
            faults["active"] = [row for row in active if row not in gone]
        return gone

    def take_once(self, name: str, target: str) -> bool:
        """For faults that fire once: True for the first caller, who also heals it."""
        if not self.active(name, target):
            return False
        taken = False
        with edit_json(self._path) as faults:
            active = faults.get("active", [])
            for row in active:
                if row["name"] == name and row.get("target") in (None, target):
                    active.remove(row)
                    taken = True
                    break
        return taken
