"""Owners change their own pages inside their windows; a witness in every city says when it is there, and who waited."""

from __future__ import annotations

import time
from datetime import timedelta

from sandbox.guests.habits import PORTAL_HOST
from sandbox.origin.secret_files import CONTENT_EDITOR, token
from sandbox.rehearsal import own_windows
from sandbox.rehearsal.calls_since import mutating
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.surfaces import gate, send
from sandbox.rehearsal.watch import Copy, Watch, cold, watch

INSIDE = timedelta(minutes=5)
WORD = "greenhouse"
TEXT = f"16:00 Ceremony, now in the {WORD}\n18:00 Dinner"
SETTLE_SECONDS = 1.5
PATIENCE_SECONDS = 12.0
CALLER = "wedcache"
"""Whose credentials the agents use."""


def play(stage: Stage) -> None:
    """Wait until every wedding is in its window, let each owner write, watch every copy of what they wrote."""
    others = [wedding for wedding in stage.world.weddings if wedding != "como"]
    purges = own_windows.purge(stage, others)
    inside = max(own_windows.WINDOWS[wedding][0] for wedding in stage.world.weddings) + INSIDE
    if stage.clock.now() < inside:
        stage.set_clock(inside)
    purges |= own_windows.purge(stage, others)
    watches = {wedding: Watch(stage.run, WORD, copies(stage, wedding)) for wedding in stage.world.weddings}
    every = list(watches.values())
    watch(stage.run, every, SETTLE_SECONDS)
    began = time.monotonic()
    told = {wedding: write(stage, wedding) for wedding in watches}
    if stage.sabotage == "by-hand":
        for wedding in watches:
            stage.wedcache("purge", f"wedding:{wedding}", "--yes")
    watch(stage.run, every, PATIENCE_SECONDS)
    until = time.monotonic()
    for wedding, one in watches.items():
        record(stage, one, wedding, began, *told[wedding])
    stage.record("windows", gates=own_windows.ends(stage, others), purges=purges)
    stage.record("lane", seconds=round(until - began, 3), mutating=mutating(stage.run, began, until, CALLER))


def copies(stage: Stage, wedding: str) -> list[Copy]:
    """Every POP's copy of what shows the wedding's schedule: the own page at CloudFront, the timeline at Cloudflare."""
    own = [Copy(pop, f"{wedding}.weddings.example", "/schedule") for pop in stage.world.at("cloudfront")]
    timeline = f"/api/weddings/{wedding}/timeline"
    return own + [Copy(pop, PORTAL_HOST, timeline) for pop in stage.world.at("cloudflare")]


def write(stage: Stage, wedding: str) -> tuple[int, float]:
    """The couple moves the ceremony indoors; the answer's status, and when it came."""
    headers = {
        "Authorization": f"Bearer {token(stage.run, CONTENT_EDITOR)}",
        "Idempotency-Key": f"rehearsal-lane-{wedding}",
    }
    body = {"title": "Schedule", "text": TEXT}
    status, _ = send(stage.run, "PUT", f"{wedding}.weddings.example", "/pages/schedule", body, headers)
    return status, time.monotonic()


def record(stage: Stage, seen: Watch, wedding: str, began: float, status: int, at: float) -> None:
    """What became of one owner's update."""
    asked, waited = cold(stage.run, seen.copies, began)
    stage.record(
        "owner",
        wedding=wedding,
        status=status,
        gate=gate(stage, stage.clock.now(), wedding),
        copies=len(seen.copies),
        cities=len({copy.pop[:3] for copy in seen.copies}),
        ages={copy.name: round(first - at, 3) for copy, first in seen.seen.items()},
        missing=[copy.name for copy in seen.missing],
        back=sorted(copy.name for copy in seen.back),
        failed=sorted(copy.name for copy in seen.failed),
        asked=asked,
        waited=waited,
    )
