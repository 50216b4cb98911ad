"""Everything is warmed through the POPs; what the POPs logged is the evidence. Then the guests arrive."""

from __future__ import annotations

import json
import time
from pathlib import Path

from sandbox.rehearsal.evidence import read_log
from sandbox.rehearsal.stage import Stage

AGENT = "wedcache"
PATIENCE_SECONDS = 600.0


def play(stage: Stage) -> None:
    """Save a plan, warm by it, record what each POP saw of each target."""
    saved = stage.run.folder / "warm-plan.json"
    stage.must("plan", "--save", str(saved))
    targets = json.loads(saved.read_text())["targets"]
    begun = time.monotonic()
    if stage.sabotage == "one-pass":
        first_pass_only(stage, saved)
    else:
        said = stage.wedcache("warm", str(saved), "--yes", "--output", "json", timeout=PATIENCE_SECONDS)
        stage.record("warm", code=said.code, seconds=round(said.seconds, 3))
    stage.record("targets", targets=targets)
    for code in (pop.code for pop in stage.world.pops):
        asked = [row for row in read_log(stage.run.log(f"pop-{code}"), begun) if row["user_agent"] == AGENT]
        stage.record(
            "pop-log",
            pop=code,
            rows=[[row["monotonic"], row["host"], row["path"], row["status"], row["cache"]] for row in asked],
        )
    stage.start_guests()


def first_pass_only(stage: Stage, saved: Path) -> None:
    """The counter-experiment: every target is requested once and nobody looks again."""
    from controlplane.bootstrap import plant
    from controlplane.domain.warming import WarmPlan
    from controlplane.ports.edge_probe import Ask

    asks = [Ask(t.host, t.path, t.edge, t.pop) for t in WarmPlan.from_json(saved.read_text()).targets]
    plant(stage.profile).probe.fetch_all(asks, 6, lambda _: None)
    stage.record("warm", code=0, seconds=0.0)
