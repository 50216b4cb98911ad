"""C1: the rehearsal leaves nothing behind."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence


def judge(evidence: Evidence) -> Finding:
    """True when processes were started and no process, port or relative of the run lives after its end."""
    end = evidence.one("end")
    if end is None:
        return Finding(False, 0, "processes", 0, "the end was not recorded")
    left = sorted({*end["living"], *end["ports"]})
    true = not left and not end["related"] and end["started"] > 0
    why = f"left: {', '.join(left)} {end['related']}; of {end['started']} that were started"
    return Finding(true, len(left), "processes left", end["started"], why)


CLAIM = Claim(
    id="C1",
    text="Nothing is left behind",
    witness="the process table and the ports",
    phases=("start",),
    counter_experiment="leave-process",
    judge=judge,
)
