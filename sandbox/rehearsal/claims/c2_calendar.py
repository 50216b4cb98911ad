"""C2: the calendar equals a reviewed table, computed with the pinned time zones."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence


def judge(evidence: Evidence) -> Finding:
    """True when every reviewed row is met and the zones are the pinned release."""
    seen = evidence.one("calendar")
    if seen is None or not seen["rows"]:
        return Finding(False, 0, "rows equal", 0, "no row was computed")
    different = seen["different"]
    pinned = seen["source"] == "pinned"
    why = f"tzdata {seen['tzdata']} ({seen['source']}); different: {', '.join(different) or 'none'}"
    return Finding(pinned and not different, seen["rows"] - len(different), "rows equal", seen["rows"], why)


CLAIM = Claim(
    id="C2",
    text="The calendar equals a table reviewed by hand, with the pinned time zones",
    witness="the reviewed table, worked out from the zones' published rules",
    phases=("calendar",),
    counter_experiment="system-zones",
    judge=judge,
)
