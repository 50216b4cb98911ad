"""Everything is warmed through the POPs; what the POPs logged is the evidence. Then the guests arrive."""

from __future__ import annotations

import json
import time
from pathlib import Path

from controlplane.operations.warm import AT_ONCE
from sandbox.rehearsal.evidence import read_log
from sandbox.rehearsal.sampling import Sampler
from sandbox.rehearsal.stage import Stage

AGENT = "wedcache"
PATIENCE_SECONDS = 600.0
UNPACED = 400


def play(stage: Stage) -> None:
    """Save a plan, warm by it, record what each POP saw of each target."""
    saved = stage.run.folder / "warm-plan.json"
    stage.must("plan", "--save", str(saved))
    targets = json.loads(saved.read_text())["targets"]
    begun = time.monotonic()
    if stage.recorder.evidence().one("alone") is None:
        warm(stage, saved)
    else:
        watched(stage, saved)
    stage.record("targets", targets=targets)
    for code in (pop.code for pop in stage.world.pops):
        asked = [row for row in read_log(stage.run.log(f"pop-{code}"), begun) if row["user_agent"] == AGENT]
        stage.record(
            "pop-log",
            pop=code,
            rows=[[row["monotonic"], row["host"], row["path"], row["status"], row["cache"]] for row in asked],
        )
    stage.start_guests()


def warm(stage: Stage, saved: Path) -> None:
    """By the command, or as a counter-experiment wants it."""
    if stage.sabotage == "one-pass":
        first_pass_only(stage, saved, AT_ONCE)
    elif stage.sabotage == "unpaced":
        first_pass_only(stage, saved, UNPACED)
    else:
        said = stage.wedcache("warm", str(saved), "--yes", "--output", "json", timeout=PATIENCE_SECONDS)
        stage.record("warm", code=said.code, seconds=round(said.seconds, 3))


def watched(stage: Stage, saved: Path) -> None:
    """Warm while a guest asks the home region's origin; what counts is the time in which the warming arrives there."""
    home = stage.run.log(f"origin-{stage.world.home}")
    began = time.monotonic()
    with Sampler(stage.run, stage.world.home) as sampler:
        warm(stage, saved)
    arrived = [float(row["monotonic"]) for row in read_log(home, began) if row["cache"] != "-"]
    p95, samples = sampler.p95(min(arrived, default=0.0), max(arrived, default=0.0))
    stage.record("warming", p95=p95, samples=samples, failed=sampler.failed, asked=len(arrived))


def first_pass_only(stage: Stage, saved: Path, at_once: int) -> None:
    """The counter-experiments: every target is requested once and nobody looks again; or all of them at once."""
    from controlplane.bootstrap import plant
    from controlplane.domain.warming import WarmPlan
    from controlplane.ports.edge_probe import Ask

    asks = [Ask(t.host, t.path, t.edge, t.pop) for t in WarmPlan.from_json(saved.read_text()).targets]
    plant(stage.profile).probe.fetch_all(asks, at_once, lambda _: None)
    stage.record("warm", code=0, seconds=0.0)
