"""The faults that the sandbox can show, one row each, and which of them are active.

Flags are read by the emulators; signals, restarts and jumps are made by `sandbox.fault_effects`, from the row.
"""

from __future__ import annotations

import enum
import signal
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sandbox.run import edit_json
from sandbox.watched import WatchedJson


class Target(enum.Enum):
    """What a fault strikes; without a target it strikes all of them."""

    NOTHING = "none"
    REGION = "an AWS region"
    BUCKET_REGION = "an AWS region (one with only a bucket too)"
    VENDOR = "a vendor (aws or cloudflare)"
    POP = "a POP code"


class Mending(enum.Enum):
    """How struck processes come back."""

    NONE = "nothing was struck"
    CONTINUE = "SIGCONT"
    START_CACHES = "the region's Redis servers are started again, empty"


@dataclass(frozen=True)
class Fault:
    """One row: name, target, the port (role) that suffers, what is seen from outside, and how it is made.

    `flag`: an emulator looks the fault up in `faults.json`. `processes` (`{target}` is filled in) get `strike` and come
    back by `mending`. `jump` moves the calendar; healing moves it back.
    """

    name: str
    target: Target
    port: str
    effect: str
    flag: bool = False
    processes: tuple[str, ...] = ()
    strike: signal.Signals | None = None
    mending: Mending = Mending.NONE
    jump: timedelta = timedelta(0)


_CACHES = ("valkey-{target}-primary", "valkey-{target}-replica")

TABLE: dict[str, Fault] = {
    row.name: row
    for row in (
        Fault(
            "region-stopped",
            Target.BUCKET_REGION,
            "RegionalCache, SharedStore, origin",
            "its Redis servers and its origin are stopped (SIGSTOP), its bucket answers 503; its agent lives",
            flag=True,
            processes=(*_CACHES, "origin-{target}"),
            strike=signal.SIGSTOP,
            mending=Mending.CONTINUE,
        ),
        Fault("origin-slow", Target.REGION, "origin", "its origin answers after 3 seconds", flag=True),
        Fault(
            "api-503",
            Target.VENDOR,
            "Cdn, EdgeStore, Steering, WeddingStacks",
            "its management API answers 503 in its own envelope",
            flag=True,
        ),
        Fault(
            "management-503",
            Target.VENDOR,
            "Cdn, Steering, WeddingStacks",
            "its management API answers 503; its data planes (objects, KeyValueStore, POPs) go on",
            flag=True,
        ),
        Fault(
            "api-429",
            Target.VENDOR,
            "Cdn, EdgeStore, Steering, WeddingStacks",
            "its management API answers 429 or Throttling",
            flag=True,
        ),
        Fault(
            "answer-lost",
            Target.VENDOR,
            "Cdn, EdgeStore, Steering, WeddingStacks",
            "the next mutating call is carried out, then the connection is closed without an answer (once)",
            flag=True,
        ),
        Fault(
            "redis-killed",
            Target.REGION,
            "RegionalCache",
            "its Redis servers are killed (SIGKILL); healing starts them again, empty",
            processes=_CACHES,
            strike=signal.SIGKILL,
            mending=Mending.START_CACHES,
        ),
        Fault(
            "pop-down",
            Target.POP,
            "EdgeProbe, guests",
            "the POP takes connections and never answers; a process that serves no other POP is stopped (SIGSTOP)",
            flag=True,
            processes=("pop-{target}",),
            strike=signal.SIGSTOP,
            mending=Mending.CONTINUE,
        ),
        Fault(
            "clock-jump",
            Target.NOTHING,
            "Clock",
            "the calendar jumps forward by one hour; healing jumps back by one hour",
            jump=timedelta(hours=1),
        ),
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
