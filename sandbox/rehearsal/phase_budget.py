"""The phase budget of a failover (pure): what each phase may take, and what it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.rehearsal.evidence import Evidence

STEPS: Mapping[str, str] = {
    "roles": "steer",
    "drain": "steer",
    "ready": "steer",
    "route": "steer",
    "pool": "steer",
    "verify": "verify",
}
"""Step of the operation -> phase. What the command does besides, its start and its look at the world, is `decide`."""

PLANNED: Mapping[str, float] = {"detect": 10.0, "decide": 15.0, "steer": 5.0, "verify": 30.0}
"""Phase -> seconds. Detection is the agents' own bound; verification may wait for Cloudflare's monitors, which look
every 15 s, and for 15 s more; the sum is the minute that C9 allows."""

MEANING: Mapping[str, str] = {
    "detect": "two vantage points call the region down",
    "decide": "the command starts, looks at the world, shows its plan",
    "steer": "roles, drain flag, route, pools",
    "verify": "the guests' side shows the standby",
}


@dataclass(frozen=True)
class Phase:
    """One phase of the failover: seconds planned and taken; `taken` is None for what did not happen."""

    name: str
    planned: float
    taken: float | None

    @property
    def is_within(self) -> bool:
        """Whether it happened in its time."""
        return self.taken is not None and self.taken <= self.planned


def phases(evidence: Evidence) -> tuple[Phase, ...]:
    """The phases of the last failover, in order; () where none was played."""
    loss = evidence.one("loss")
    if loss is None:
        return ()
    taken = _taken(loss.facts)
    return tuple(Phase(name, planned, taken.get(name)) for name, planned in PLANNED.items())


def _taken(loss: Mapping[str, Any]) -> dict[str, float]:
    detected, steps = loss["detection_seconds"], loss["steps"]
    taken = {} if detected is None else {"detect": float(detected)}
    if loss["code"] == 0:
        for step, seconds in steps.items():
            phase = STEPS.get(step, "decide")
            taken[phase] = taken.get(phase, 0.0) + float(seconds)
        rest = float(loss["total_seconds"]) - sum(taken.values())
        taken["decide"] = taken.get("decide", 0.0) + max(0.0, rest)
    return {name: round(seconds, 2) for name, seconds in taken.items()}
