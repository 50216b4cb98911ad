"""C11: warming leaves the origin to the guests."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

MOST_RISE = 0.10
ROOM_MS = 25.0
"""Everything shares the sandbox's cores, the witness as well: what scheduling alone may add."""

LEAST_SAMPLES = 30


def judge(evidence: Evidence) -> Finding:
    """True when guests' p95 at the origin rose by a tenth at most, or by less than scheduling alone may add."""
    alone, warming = evidence.one("alone"), evidence.one("warming")
    if alone is None or warming is None:
        return Finding(False, 0.0, "ms", 0, "the origin was not asked alone and while it was warmed")
    most = max(alone["p95"] * (1 + MOST_RISE), alone["p95"] + ROOM_MS)
    reasons = {
        f"p95 {warming['p95']} ms > {most:.1f} ms": warming["p95"] > most,
        "too few answers to compare": min(alone["samples"], warming["samples"]) < LEAST_SAMPLES,
        "some requests failed": alone["failed"] + warming["failed"] > 0,
        "the warming never asked the origin": not warming["asked"],
    }
    why = "; ".join(reason for reason, holds in reasons.items() if holds)
    unit = (
        f"ms p95 at the origin while {warming['asked']} requests of the warming arrived there; alone {alone['p95']} ms "
        f"({alone['samples']} requests)"
    )
    return Finding(not why, warming["p95"], unit, warming["samples"], why)


CLAIM = Claim(
    id="C11",
    text="Warming left the origin to the guests: their p95 there against the origin alone",
    witness="a guest who asks the origin directly, and the origin's access log",
    phases=("start", "pace", "warm"),
    counter_experiment="unpaced",
    judge=judge,
    worlds=("full",),
    is_dear=True,
    # The short one is warm before anything could be compared.
    proved_in="full",
)
