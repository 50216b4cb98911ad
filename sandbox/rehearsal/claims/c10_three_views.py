"""C10: the engine's state, the inventory and the vendors' own lists say the same of what exists."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

NAMED = frozenset(
    ("distribution", "shared distribution", "tenant", "connection group", "function", "store", "cache", "bucket")
) | {"zone", "pool"}
"""Kinds of which the inventory must name every one; of the others it names none."""


def judge(evidence: Evidence) -> Finding:
    """True when the engine and the vendors have the same facts, and the inventory those that it must name."""
    seen = evidence.one("three-views")
    if seen is None or not seen["vendors"]:
        return Finding(False, 0, "facts", 0, "the three views were not taken")
    engine, vendors, inventory = seen["engine"], seen["vendors"], seen["inventory"]
    things = sorted({*engine, *vendors, *inventory})
    wrong = [said for thing in things if (said := difference(thing, engine, vendors, inventory))]
    wrong += [f"{key} is not the same in every bucket" for key in seen["apart"]]
    unit = "facts alike in the engine's state, the vendors' lists and the inventory"
    return Finding(not wrong, max(0, len(things) - len(wrong)), unit, len(things), "; ".join(wrong[:5]))


def difference(thing: str, engine: Mapping[str, str], vendors: Mapping[str, str], inventory: Mapping[str, str]) -> str:
    """Where the three disagree on one thing; nothing if they do not."""
    views = {"engine": engine, "vendors": vendors}
    if thing in inventory or thing.rpartition(" ")[0] in NAMED:
        views["inventory"] = inventory
    said = {name: view.get(thing, "nothing") for name, view in views.items()}
    return "" if len(set(said.values())) == 1 else f"{thing}: " + ", ".join(f"{k} {v}" for k, v in said.items())


CLAIM = Claim(
    id="C10",
    text="Infra, inventory and vendors agree on what exists and how it is declared",
    witness="the vendors' own lists, read with other credentials; each bucket of the store",
    phases=("start", "agree"),
    counter_experiment="by-console",
    judge=judge,
)
