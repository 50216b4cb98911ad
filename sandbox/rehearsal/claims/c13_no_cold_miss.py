"""C13: nobody waited for an origin because an owner changed a page."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence


def judge(evidence: Evidence) -> Finding:
    """True when every request for the changed pages was answered from its POP, and every copy did become new."""
    owners = evidence.of("owner")
    asked = sum(row["asked"] for row in owners)
    waited = [one for row in owners for one in row["waited"]]
    unchanged = [name for row in owners for name in row["missing"]]
    reasons = {
        "nobody asked for a changed page": not asked,
        f"waited: {waited[:5]}": bool(waited),
        f"not changed at all: {unchanged[:3]}": bool(unchanged),
    }
    why = "; ".join(reason for reason, holds in reasons.items() if holds)
    return Finding(not why, len(waited), "cold misses from owners' updates, in requests for the pages", asked, why)


CLAIM = Claim(
    id="C13",
    text="No guest met a cold page because an owner had changed it",
    witness="the POPs' access logs",
    phases=("start", "owners"),
    counter_experiment="by-hand",
    judge=judge,
    worlds=("full",),
    is_dear=True,
)
