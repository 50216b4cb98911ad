"""C8: what the freeze forbids is refused without reaching a vendor; what it allows goes through."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

PULUMI_REFUSES = {"pulumi up": 1, "pulumi destroy": 1}


def judge(evidence: Evidence) -> Finding:
    """True when every forbidden act ended with its code, no mutating call arrived, and every allowed act ended well."""
    up, forbidden, allowed = evidence.one("doors", side="after"), evidence.one("forbidden"), evidence.one("allowed")
    if up is None or forbidden is None or allowed is None:
        return Finding(False, 0, "acts", 0, "the doors were not tried")
    tried = {**forbidden["acts"], "pulumi up": up["preview"]}
    passed = {act: code for act, code in tried.items() if code != PULUMI_REFUSES.get(act, 10)}
    stopped = {act: code for act, code in allowed["acts"].items() if code != 0}
    reached = sum(forbidden["mutating"].values()) + sum(up["mutating"].values())
    acts = len(tried) + len(allowed["acts"])
    tried_both = bool(forbidden["acts"]) and bool(allowed["acts"])
    true = not passed and not stopped and reached == 0 and forbidden["calls"] > 0 and tried_both
    why = (
        f"not refused: {passed}; not admitted: {stopped}; mutating calls: {forbidden['mutating']} {up['mutating']}; "
        f"tried: {len(tried)} forbidden, {len(allowed['acts'])} allowed acts; "
        f"vendor calls of any kind in the log: {forbidden['calls']}"
    )
    return Finding(true, acts - len(passed) - len(stopped), "acts decided rightly, 0 mutating calls", acts, why)


CLAIM = Claim(
    id="C8",
    text="Forbidden acts were refused before any vendor saw a change; allowed acts went through",
    witness="exit codes and the emulators' call log",
    phases=("start", "warm", "freeze"),
    counter_experiment="hook-missing",
    judge=judge,
)
