"""`make prove`: each claim must be true without its counter-experiment and false under it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.provision import Workspace
from sandbox.rehearsal import programme
from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Recorder
from sandbox.rehearsal.patched import without_a_hook
from sandbox.rehearsal.screen import Screen
from sandbox.rehearsal.stage import Stage
from sandbox.run import Run
from sandbox.world import PROJECT, WORLDS

FOLDER = Path(".wedcache/prove")
OUT = Path("out/prove")


def prove(claims: Sequence[Claim], engine: str, seed: int) -> int:
    """Play each claim's phases under its counter-experiment; all of them once without. 0 if every proof holds."""
    screen = Screen()
    screen.open(seed, engine)
    honest: dict[str, Finding] = {}
    held = 0
    for world in dict.fromkeys(claim.proved_in for claim in claims):
        found, whole = _play([claim for claim in claims if claim.proved_in == world], engine, seed, "", screen)
        honest |= found
        held += sum(finding.true for finding in found.values()) if whole else 0
    rows: list[dict[str, Any]] = []
    for claim in claims:
        begun = time.monotonic()
        screen.tell(f"{claim.id} under {claim.counter_experiment}")
        findings, whole = _play([claim], engine, seed, claim.counter_experiment, screen)
        finding = findings[claim.id]
        rows.append(
            {
                "claim": claim.id,
                "counter_experiment": claim.counter_experiment,
                "turned_false": not finding.true and whole,
                "seconds": round(time.monotonic() - begun, 1),
            }
        )
        screen.tell(f"{claim.id} {'turned false: ' + finding.why_not if not finding.true else 'STAYED TRUE'}")
        if not honest[claim.id].true:
            screen.tell(f"{claim.id} IS NOT TRUE WITHOUT IT: {honest[claim.id].why_not}")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "report.json").write_text(json.dumps({"schema": "wedcache.prove/1", "rows": rows}, indent=1))
    turned = sum(bool(row["turned_false"]) for row in rows)
    screen.tell(f"{turned} of {len(rows)} turned false, {held} true without; {OUT / 'report.json'}")
    return 0 if turned == held == len(rows) else 1


def _play(
    claims: Sequence[Claim], engine: str, seed: int, sabotage: str, screen: Screen
) -> tuple[dict[str, Finding], bool]:
    """Findings on claims of one world, and whether the run was played to its end: what breaks off proves nothing."""
    run = Run(FOLDER)
    name = sabotage or "honest"
    programs = without_a_hook(OUT / "programs") if sabotage == "hook-missing" else PROJECT
    stage = Stage(
        run,
        Workspace(run, engine, programs.resolve()),
        Recorder.begin(OUT / f"{name}.jsonl"),
        seed,
        lambda _: None,
        sabotage,
        world=WORLDS[claims[0].proved_in],
    )
    broken = programme.play(stage, programme.phases_of(claims), lambda *_: None)
    if broken:
        screen.tell(f"{name} broke off: {broken[:400]}")
    found = {claim.id: finding for claim, finding in programme.judge(claims, stage.recorder.evidence())}
    return found, not broken
