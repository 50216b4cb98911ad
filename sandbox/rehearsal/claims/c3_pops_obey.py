"""C3: POPs obey what was declared, and nothing else."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence


def judge(evidence: Evidence) -> Finding:
    """True when every knob was seen to act as declared, before and after it was changed through the vendor's API."""
    probes = evidence.of("knob")
    obeyed = [row for row in probes if row["before"] == row["wanted_before"] and row["after"] == row["wanted_after"]]
    blind = [row["knob"] for row in probes if row["wanted_before"] == row["wanted_after"]]
    disobeyed = sorted({row["knob"] for row in probes} - {row["knob"] for row in obeyed})
    true = bool(probes) and not disobeyed and not blind
    return Finding(true, len(obeyed), "knobs obeyed", len(probes), f"disobeyed: {', '.join(disobeyed)} {blind}")


CLAIM = Claim(
    id="C3",
    text="POPs obey what was declared through the vendors' APIs",
    witness="answers to probes through the POPs, before and after each change",
    phases=("start", "obey"),
    counter_experiment="deaf-pop",
    judge=judge,
)
