"""C5: a second `up` changes nothing; unprotected, `destroy` leaves nothing."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence


def judge(evidence: Evidence) -> Finding:
    """True when the second `up` made no mutating call, protection refused a destroy, and the vendors hold nothing."""
    again, protected, destroyed = (evidence.one(kind) for kind in ("again", "protected", "destroy"))
    if again is None or protected is None or destroyed is None:
        return Finding(False, 0, "left", 0, "the second up or the destroy was not recorded")
    changes = sum(again["mutating"].values())
    left = {kind: names for kind, names in destroyed["left"].items() if names}
    true = (
        set(again["codes"]) == {0}
        and again["unchanged"] > 0
        and changes == 0
        and protected["code"] != 0
        and protected["named"]
        and set(destroyed["codes"]) == {0}
        and not left
    )
    why = (
        f"second up: {again['codes']}, {again['mutating']}, {again['unchanged']} unchanged; protected destroy: "
        f"{protected['code']}, protection named: {protected['named']}; left {left}"
    )
    return Finding(
        true, changes + sum(map(len, left.values())), "changes by a second up, or things left", again["unchanged"], why
    )


CLAIM = Claim(
    id="C5",
    text="A second `up` changes nothing; unprotected, `destroy` leaves nothing",
    witness="the emulators' call log and what their own APIs list",
    phases=("start", "again", "unprotect", "destroy"),
    counter_experiment="forget-delete",
    judge=judge,
)
