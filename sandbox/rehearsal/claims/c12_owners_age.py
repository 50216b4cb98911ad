"""C12: what a window allows went through: owners' updates were in every city within seconds."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence, Row

MOST_SECONDS = 10.0
FROZEN = 10
ENDS = [0, FROZEN, FROZEN, 0]
"""Half an hour before a window, at its start, at its last second, at its end."""


def judge(evidence: Evidence) -> Finding:
    """True when each owner's write was taken inside the wedding's window and every copy in every city became new soon.

    A copy that was old again after it was new makes it false, and so does one that failed.
    """
    owners = evidence.of("owner")
    if not owners:
        return Finding(False, "never", "seconds", 0, "no owner wrote")
    wrong = [f"{row['wedding']}: {fault}" for row in owners for fault in faults(row)] + misjudged(evidence)
    ages = [age for row in owners for age in row["ages"].values()]
    copies = sum(row["copies"] for row in owners)
    cities = max(row["cities"] for row in owners)
    unit = f"seconds until the last copy was new; {len(owners)} owners' updates in their windows, {cities} cities"
    return Finding(not wrong, max(ages, default=float("inf")), unit, f"{copies} copies", "; ".join(wrong))


def misjudged(evidence: Evidence) -> list[str]:
    """The other weddings' own windows: their ends at the gate, and hard purges inside and outside of them."""
    windows = evidence.one("windows")
    if windows is None:
        return ["the windows' ends were not tried"]
    wrong = [f"{name}: the gate said {codes} at its ends" for name, codes in windows["gates"].items() if codes != ENDS]
    return wrong + [
        f"{what}: a hard purge ended with {row['code']}, {row['purges']} purges were seen"
        for what, row in windows["purges"].items()
        if row["code"] != row["wanted"] or (row["wanted"] == FROZEN) != (row["purges"] == 0)
    ]


def faults(row: Row) -> list[str]:
    """What speaks against one owner's update."""
    slow = [f"{name} {age} s" for name, age in row["ages"].items() if age > MOST_SECONDS]
    said = {
        f"the write was answered {row['status']}": row["status"] not in (200, 201),
        f"its stack was not frozen (gate {row['gate']})": row["gate"] != FROZEN,
        "no copy was looked at": not row["copies"],
        f"never new: {', '.join(row['missing'][:3])}": bool(row["missing"]),
        f"too late: {', '.join(slow[:3])}": bool(slow),
        f"old again: {', '.join(row['back'][:3])}": bool(row["back"]),
        f"failed: {', '.join(row['failed'][:3])}": bool(row["failed"]),
    }
    return [words for words, holds in said.items() if holds]


CLAIM = Claim(
    id="C12",
    text="What the windows allow went through: owners' updates were in every city within seconds",
    witness="bodies read through every city's POPs by a guest who asks again and again",
    phases=("start", "owners"),
    counter_experiment="silent-owner",
    judge=judge,
    worlds=("full",),
    is_dear=True,
)
