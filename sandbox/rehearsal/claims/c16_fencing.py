"""C16: the dead region woke with old data and could not write."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

REFUSED = 409


def judge(evidence: Evidence) -> Finding:
    """True when it could write before, and after its loss nothing is held anywhere under its old epoch."""
    before, fence = evidence.one("before-the-loss"), evidence.one("fence")
    if before is None or fence is None:
        return Finding(False, 0, "writes under the old epoch", 0, "the waking was not recorded")
    held = fence["held_under_old"]
    reasons = {
        f"the region's own write ended with {before['status']} before the loss": before["held"] < 2,
        "the roles' epoch did not grow": fence["new_epoch"] <= fence["old_epoch"],
        "no write waited for the region": fence["waiting"] == 0,
        f"{len(held)} writes are held under epoch {fence['old_epoch']}: {', '.join(held[:3])}": bool(held),
        f"{fence['answered_by_old']} guests were told yes under it": fence["answered_by_old"] > 0,
        f"the standby answered its old role with {fence['replica_door']}": fence["replica_door"] != REFUSED,
        "the standby's Redis took the old role back": fence["old_role_taken"],
        f"a write through it ended with {fence['settled']} afterwards": fence["settled"] not in (200, 201),
    }
    why = "; ".join(reason for reason, holds in reasons.items() if holds)
    unit = (
        f"writes are held under its epoch {fence['old_epoch']} (now {fence['new_epoch']}); its old role was refused by"
        " the standby's origin and Redis; afterwards it passes writes on to whoever is home"
    )
    return Finding(not why, len(held), unit, fence["waiting"] + 2, why)


CLAIM = Claim(
    id="C16",
    text="The dead region woke with old data and could not write",
    witness="every region's database file, and writes sent to the woken region past every CDN",
    phases=("start", "loss"),
    counter_experiment="no-fence",
    judge=judge,
    worlds=("full",),
    is_dear=True,
)
