"""The home region is lost on the Saturday: detected, left, verified; guests' own diary says what they noticed."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime

from controlplane.bootstrap import Plant, plant
from controlplane.operations.observe_regions import heartbeats, observe
from sandbox.rehearsal.evidence import read_log
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.waking import wake_with_writes, write
from sandbox.world import World

SATURDAY = datetime(2027, 6, 12, 14, 0, tzinfo=UTC)
DETECTION_SECONDS = 15.0
SETTLE_SECONDS = 1.0


def play(stage: Stage) -> None:
    """Stop the home region, leave it by the runbook's command, wake it."""
    stage.set_clock(SATURDAY)
    time.sleep(SETTLE_SECONDS)
    if stage.sabotage == "stop-probers":
        stage.stop_agents()
    before = acknowledged(stage)
    status, said_of_it = write(stage.run, stage.world.home, "rehearsal-before-the-loss")
    stage.record("before-the-loss", status=status, held=said_of_it.get("held", 0))
    lost_at = time.monotonic()
    stage.stop_region(stage.world.home)
    detected = detect(stage.world, plant(stage.profile), lost_at)
    said = stage.wedcache("failover", stage.world.home, "--yes", "--output", "json")
    left_at = time.monotonic()
    time.sleep(SETTLE_SECONDS)
    stage.record(
        "loss",
        detection_seconds=detected,
        code=said.code,
        words=said.err[-800:],
        steps=said.json["seconds"] if said.code == 0 else {},
        total_seconds=round(left_at - lost_at, 3),
    )
    record_guests(stage, lost_at, left_at)
    record_writes(stage, before)
    wake(stage, epoch=said.json["epoch"] if said.code == 0 else 0)


def detect(world: World, control: Plant, since: float) -> float | None:
    """Seconds until two vantage points call the region down; None if that does not happen in time."""
    before = heartbeats(control.store, world.regions)
    while time.monotonic() - since < DETECTION_SECONDS:
        sight = observe(control.store, control.steering, world.regions, None)
        moved = any(name not in before or before[name].beat != beat.beat for name, beat in sight.heartbeats.items())
        if moved and sight.verdicts[world.home].is_lost:
            return round(time.monotonic() - since, 3)
        time.sleep(0.2)
    return None


def record_guests(stage: Stage, lost_at: float, left_at: float) -> None:
    """What the guests wrote down: cached pages during the loss, uncached ones until and after the steering."""
    rows = read_log(stage.run.log("guests"), lost_at)
    cached = [row for row in rows if row["class"] == "cacheable"]
    uncached = [row for row in rows if row["class"] != "cacheable"]
    stage.record(
        "guests",
        cached=len(cached),
        cached_failed=sum(not ok(row) for row in cached),
        failures=[[row["path"], row["status"], row["error"]] for row in cached if not ok(row)][:10],
        stale=stale(stage, lost_at),
        uncached=len(uncached),
        uncached_failed=sum(not ok(row) for row in uncached),
        uncached_after=sum(row["monotonic"] >= left_at for row in uncached),
        uncached_failed_after=sum(not ok(row) for row in uncached if row["monotonic"] >= left_at),
        slowest_cached_ms=max((row["ms"] for row in cached), default=0),
    )


def ok(row: dict[str, object]) -> bool:
    """Whether a guest got what they asked for."""
    return 200 <= int(str(row["status"])) < 400


def stale(stage: Stage, since: float) -> int:
    """How many answers the POPs gave from stale copies."""
    logs = [read_log(stage.run.log(f"pop-{code}"), since) for code in (pop.code for pop in stage.world.pops)]
    return sum(str(row["cache"]).lower() in ("stale", "updating") for log in logs for row in log)


def acknowledged(stage: Stage) -> set[str]:
    """The writes that guests were told are held, so far."""
    return {row["write_id"] for row in read_log(stage.run.log("guests")) if row.get("write_id")}


def record_writes(stage: Stage, before: set[str]) -> None:
    """Every acknowledged write must be in the standby's database; each that is not was lost."""
    with sqlite3.connect(stage.run.folder / f"origin-{stage.world.standby}.sqlite", timeout=5) as database:
        held = {row[0] for row in database.execute("SELECT id FROM writes WHERE state = 'held'")}
    database.close()
    everything = acknowledged(stage)
    stage.record(
        "writes",
        acknowledged=len(everything),
        before_the_loss=len(before),
        lost=len(everything - held),
        during=len(everything - before),
    )


def wake(stage: Stage, epoch: int) -> None:
    """The region wakes inside the window, with old data; failback is refused. Then the weekend passes.

    Its old role is tried only where another one took its place: `epoch` 0 says that nobody left the region.
    """
    home = stage.world.home
    if epoch:
        stage.record("fence", **wake_with_writes(stage.run, stage.world, epoch, lambda: stage.wake_region(home)))
    else:
        stage.wake_region(home)
    refused = stage.wedcache("failback", stage.world.home, "--yes")
    stage.record("woken", refused=refused.code, words=refused.err[-400:])
    stage.set_clock(stage.world.over)
