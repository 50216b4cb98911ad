"""C14: break-glass opened for two persons' keys, once, and for its own plan only."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

NOT_VALID = 17
WRONG = (
    *("her own second key", "one person alone", "another plan"),
    *("replay", "expired", "another rule set"),
)


def judge(evidence: Evidence) -> Finding:
    """True when the plan passed once, and each wrong request ended with 17 before any vendor saw a change."""
    refused = {str(row["act"]): row for row in evidence.of("glass-refused")}
    passed, end = evidence.one("glass-passed"), evidence.one("glass-end")
    if not refused or passed is None or end is None:
        return Finding(False, 0, "requests", 0, "the glass was not broken")
    wrong = [f"{act} was not tried" for act in WRONG if act not in refused]
    wrong += [f"{act} ended with {row['code']}" for act, row in refused.items() if row["code"] != NOT_VALID]
    wrong += [f"{act} changed {row['mutating']}" for act, row in refused.items() if row["mutating"]]
    if not any(row["calls"] for row in refused.values()):
        wrong.append("the log heard nothing of them")
    if passed["code"] != 0:
        wrong.append(f"the signed plan ended with {passed['code']}")
    if passed["mutating"] != {"cloudfront UpdateDistribution": 1}:
        wrong.append(f"the signed plan changed {passed['mutating']}")
    if passed["before"] == passed["wanted"] or end["price_class"] != passed["wanted"]:
        wrong.append(f"the vendor had {passed['before']}, then {end['price_class']}; signed was {passed['wanted']}")
    unit = "requests decided rightly: one passed, once; the others 17 and 0 mutating calls"
    tried = len(refused) + 1
    return Finding(not wrong, tried if not wrong else max(0, tried - len(wrong)), unit, tried, "; ".join(wrong))


CLAIM = Claim(
    id="C14",
    text="Break-glass opened for two keys, once, and only for the plan that they had signed",
    witness="exit codes, the emulators' call log, and the distribution asked with other keys",
    phases=("start", "glass"),
    counter_experiment="forget-marks",
    judge=judge,
    worlds=("full",),
    is_dear=True,
)
