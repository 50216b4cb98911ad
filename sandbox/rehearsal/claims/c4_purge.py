"""C4: one tag purge reaches memory, Redis and both CDNs."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence


def judge(evidence: Evidence) -> Finding:
    """True when every tier still gave the old body after the truth had changed, and a newer one after the purge."""
    seen = evidence.one("purge")
    if seen is None:
        return Finding(False, "never", "seconds", 0, "no purge was recorded")
    before, still, after = seen["before"], seen["still"], seen["after"]
    fresh_too_early = [tier for tier in before if still[tier] != before[tier]]
    old = [tier for tier in before if not _newer(before[tier], after[tier])]
    true = seen["code"] == 0 and not fresh_too_early and not old
    why = f"exit {seen['code']}; still old: {', '.join(old)}; new without a purge: {', '.join(fresh_too_early)}"
    return Finding(true, seen["seconds"], f"seconds to the last new body in {len(before)} tiers", len(before), why)


def _newer(before: str, after: str) -> bool:
    return before.isdigit() and (after == "none" or (after.isdigit() and int(after) > int(before)))


CLAIM = Claim(
    id="C4",
    text="One tag purge reached memory, Redis and both CDNs",
    witness="bodies read from each tier: through the POPs, from the origins, from Redis by a client without memory",
    phases=("start", "warm", "purge"),
    counter_experiment="drop-purge",
    judge=judge,
)
