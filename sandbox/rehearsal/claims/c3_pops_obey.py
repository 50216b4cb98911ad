"""C3: POPs obey what was declared, and nothing else."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence, Row


def judge(evidence: Evidence) -> Finding:
    """True when every knob of the tables was seen to act as declared, before and after it was changed by API.

    A row that would look the same before and after proves nothing, a row of a table without a probe neither.
    """
    wanted = {(table["cdn"], name) for table in evidence.of("knob-table") for name in table["knobs"]}
    probes = {(row["cdn"], row["knob"]): row for row in evidence.of("knob")}
    wrong = {knob: wrongness(row) for knob, row in probes.items()}
    wrong |= dict.fromkeys(wanted - set(probes), "was not probed")
    faults = [f"{cdn} {name} {fault}" for (cdn, name), fault in sorted(wrong.items()) if fault]
    obeyed = len(probes) - sum(1 for knob in probes if wrong[knob])
    return Finding(bool(probes) and not faults, obeyed, "knobs obeyed", len(wanted | set(probes)), "; ".join(faults))


def wrongness(row: Row) -> str:
    """What speaks against a knob's row; nothing if the POP did as it was told, both times."""
    if row["wanted_before"] == row["wanted_after"]:
        return "was to look the same before and after"
    for side in ("before", "after"):
        if row[side] != row[f"wanted_{side}"]:
            return f"{side} the change: {row[side]!r} instead of {row[f'wanted_{side}']!r}"
    return ""


CLAIM = Claim(
    id="C3",
    text="POPs obey what was declared through the vendors' APIs",
    witness="answers to probes through the POPs, before and after each change",
    phases=("start", "obey"),
    counter_experiment="deaf-pop",
    judge=judge,
)
