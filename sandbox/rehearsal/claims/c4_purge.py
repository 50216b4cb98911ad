"""C4: one tag purge reaches memory, Redis and both CDNs."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence


def judge(evidence: Evidence) -> Finding:
    """True when every tier still gave the old body after the truth had changed, and a newer one after the purge."""
    seen = evidence.one("purge")
    if seen is None:
        return Finding(False, 0, "tiers", 0, "no purge was recorded")
    before, still, after = seen["before"], seen["still"], seen["after"]
    fresh_too_early = [tier for tier in before if still[tier] != before[tier]]
    old = [f"{tier} {after[tier]}" for tier in before if not _newer(before[tier], after[tier])]
    true = seen["code"] == 0 and not fresh_too_early and not old and bool(before)
    why = (
        f"exit {seen['code']}; of {len(before)} tiers without a new body: {', '.join(old) or 'none'}; "
        f"new without a purge: {', '.join(fresh_too_early) or 'none'}"
    )
    new = len(before) - len(old)
    return Finding(true, new, f"tiers gave the new body, the last after {seen['seconds']} s", len(before), why)


def _newer(before: str, after: str) -> bool:
    return before.isdigit() and after.isdigit() and int(after) > int(before)  # an answer without a body is no new one


CLAIM = Claim(
    id="C4",
    text="One tag purge reached memory, Redis and both CDNs",
    witness="bodies read from each tier: through the POPs, from the origins, from Redis by a client without memory",
    phases=("start", "warm", "purge"),
    counter_experiment="drop-purge",
    judge=judge,
)
