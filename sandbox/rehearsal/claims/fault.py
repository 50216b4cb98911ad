"""F: the fault of `make rehearsal FAULT=...` fired, was survived, and the command that it struck came to its end."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.disturbance import Fault
from sandbox.rehearsal.evidence import Evidence

PHASE = {"warm": "warm", "purge": "purge", "failover": "loss"}
"""Verb -> the phase in which it is called first."""


def claim_of(fault: Fault) -> Claim:
    """The claim of one fault."""

    def judge(evidence: Evidence) -> Finding:
        """True when the fault was seen from outside and the command that it struck ended with 0, at last."""
        row = evidence.one("fault", name=fault.name)
        if row is None:
            return Finding(False, "never", "fired", 1, f"{fault.name} was not injected: no `wedcache {fault.verb}` ran")
        codes = ", then ".join(str(code) for code in row["codes"])
        true = bool(row["seen"]) and row["codes"][-1] == 0
        why = f"seen: {row['seen'] or 'nothing'}; `{row['during']}` ended with {codes}: {row['first']}"
        unit = f"faults fired and were seen ({row['seen']}); `{row['during']}` ended with {codes}"
        return Finding(true, int(bool(row["seen"])), unit, 1, why)

    return Claim(
        id="F",
        text=fault.text,
        witness="the emulators' and the origin's own logs, and the struck thing asked from outside",
        phases=("start", PHASE[fault.verb]),
        counter_experiment="no-fault",
        judge=judge,
    )
