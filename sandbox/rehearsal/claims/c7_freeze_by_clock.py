"""C7: the freeze began with no wedcache process alive, seen on every surface on both sides of the boundary."""

from __future__ import annotations

from typing import Any

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

RULE = "venue:como:2027-06-12"


def judge(evidence: Evidence) -> Finding:
    """True when nobody was alive, and gate, hooks, edge and cache showed open before and frozen after."""
    processes = evidence.one("processes")
    doors = [evidence.one("doors", side=side) for side in ("before", "after")]
    traffic = [evidence.one("traffic", side=side) for side in ("before", "after")]
    if processes is None or None in doors or None in traffic:
        return Finding(False, 0, "surfaces", 4, "a side of the boundary was not recorded")
    right = {**_doors(*doors), **_traffic(*traffic)}
    wrong = [name for name, holds in right.items() if not holds]
    true = not wrong and not processes["wedcache"] and bool(processes["ended"])
    why = (
        f"wrong: {', '.join(wrong) or 'none'}; wedcache processes alive: {processes['wedcache']}; "
        f"agents ended: {', '.join(processes['ended']) or 'none'}"
    )
    return Finding(true, len(right) - len(wrong), "surfaces right on both sides", len(right), why)


def _doors(before: Any, after: Any) -> dict[str, bool]:
    return {
        "offline gate": before["gate"] == 0 and after["gate"] == 10,
        "Pulumi hooks": before["preview"] == 0 and after["preview"] != 0 and after["preview_words"],
    }


def _traffic(before: Any, after: Any) -> dict[str, bool]:
    return {
        "edge function": before["edge"]["status"] == 200
        and after["edge"]["status"] == 423
        and after["edge"]["rule"] == RULE
        and after["edge"]["guest_status"] == 200,
        "cache's physical life": all(side["life"]["seconds"] >= side["life"]["needed"] - 2 for side in (before, after)),
    }


CLAIM = Claim(
    id="C7",
    text="The freeze began by the clock with no wedcache process alive",
    witness="the process table, and each surface asked on both sides of the boundary",
    phases=("start", "freeze"),
    counter_experiment="skip-push",
    judge=judge,
)
