"""C9: the loss of the home region is detected, left and verified; guests' cached pages never fail."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence, Row

MOST_DETECTION_SECONDS = 10.0
MOST_TOTAL_SECONDS = 60.0


def judge(evidence: Evidence) -> Finding:
    """True when the loss was called in 10 s, traffic moved in 60 s, no cached page failed and no write was lost."""
    kinds = ("loss", "guests", "writes", "woken", "failback")
    loss, guests, writes, woken, back = (evidence.one(kind) for kind in kinds)
    if loss is None or guests is None or writes is None or woken is None or back is None:
        return Finding(False, "never", "seconds", 0, "the loss was not recorded to its end")
    detected = loss["detection_seconds"]
    reasons = {
        "not detected in time": detected is None or detected > MOST_DETECTION_SECONDS,
        f"failover ended with {loss['code']}": loss["code"] != 0,
        "traffic moved too late": loss["total_seconds"] > MOST_TOTAL_SECONDS,
        f"{guests['cached_failed']} cached pages failed": guests["cached_failed"] > 0,
        "no cached page was asked": guests["cached"] == 0,
        f"{guests['uncached_failed_after']} uncached requests failed after": guests["uncached_failed_after"] > 0,
        "no uncached request was seen after": guests["uncached_after"] == 0,
        f"{writes['lost']} acknowledged writes lost": writes["lost"] > 0,
        "no write was acknowledged before the loss": writes["before_the_loss"] == 0,
        f"failback in the window ended with {woken['refused']}": woken["refused"] != 10,
        f"failback after the window ended with {back['code']}": back["code"] != 0,
    }
    why = "; ".join(reason for reason, holds in reasons.items() if holds)
    return Finding(not why, guests["cached_failed"], figures(loss, guests, writes), guests["cached"], why)


def figures(loss: Row, guests: Row, writes: Row) -> str:
    """The unit, which carries the phase budget and the denominators."""
    steps = loss["steps"]
    steered = round(sum(steps.get(step, 0) for step in ("roles", "drain", "route", "pool")), 2)
    return (
        f"cached pages failed ({guests['stale']} stale); detection {loss['detection_seconds']} s, "
        f"steering {steered} s, verification {steps.get('verify', 0)} s, {loss['total_seconds']} s in all with the "
        f"command's start; uncached: {guests['uncached']} asked, {guests['uncached_failed']} failed and said so; "
        f"writes: {writes['acknowledged']} acknowledged, {writes['lost']} lost"
    )


CLAIM = Claim(
    id="C9",
    text="The home region's loss was detected, left and verified; cached pages kept being served",
    witness="the guests' own diary, the POPs' logs and the standby's database",
    phases=("start", "warm", "loss", "home"),
    counter_experiment="stop-probers",
    judge=judge,
)
