"""C17: a laptop that died in the middle was followed by one with an empty disk; each effect was asked at most twice."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

KILLED = -9
MOST = 2
LEAST_EFFECTS = 2


def judge(evidence: Evidence) -> Finding:
    """True when the first was killed half way, the second finished with the kit alone, and guests are served."""
    seen, back = evidence.one("second-laptop"), evidence.one("laptop-home")
    if seen is None or back is None:
        return Finding(False, 0, "effects", 0, "no laptop died")
    counts = seen["effects"]
    often = {name: count for name, count in counts.items() if count > MOST}
    reasons = {
        f"the first laptop ended with {seen['first_code']} after {seen['first_steps']}": seen["first_code"] != KILLED
        or not seen["first_steps"]
        or "close" in seen["first_steps"],
        f"the second laptop's disk held {seen['disk_before']}": bool(seen["disk_before"]),
        f"kit open ended with {seen['opened']}": seen["opened"] != 0,
        "no open operation was found": not seen["card"],
        f"ops resume ended with {seen['code']}": seen["code"] != 0,
        f"ops resume of what is done ended with {seen['again']}": seen["again"] != 0,
        f"the story has {seen['performers']} performers": seen["performers"] != 2,
        f"{len(counts)} effects were seen at the vendors": len(counts) < LEAST_EFFECTS,
        f"asked more than twice: {often}": bool(often),
        f"uncached pages are served by {seen['served_by']}": set(seen["served_by"].values()) != {seen["target"]},
        f"failback ended with {back['code']}": back["code"] != 0,
    }
    why = "; ".join(reason for reason, holds in reasons.items() if holds)
    most = max(counts.values(), default=0)
    unit = (
        f"vendor effects asked at most {MOST} times (the most: {most}); the first laptop was killed after"
        f" {', '.join(seen['first_steps'])}, the second had an empty disk and the kit; {seen['seconds']} s together"
    )
    return Finding(not why, len(counts) - len(often), unit, len(counts), why)


CLAIM = Claim(
    id="C17",
    text="A laptop died in the middle of a failover; another one with an empty disk and the kit finished it",
    witness="the emulators' call log, and pages asked through a POP",
    phases=("start", "laptop"),
    counter_experiment="lost-card",
    judge=judge,
    worlds=("full",),
    is_dear=True,
)
