"""`python -m sandbox.rehearsal [prove] [--engine pulumi] [--only C4] [--fault slow-origin]`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sandbox.engine_choice import REAL, STAND_IN, default, real_cli
from sandbox.provision import Workspace
from sandbox.rehearsal import disturbance, page, programme, prove, report, weekend, world_row
from sandbox.rehearsal.claim import Claim
from sandbox.rehearsal.claims import fault
from sandbox.rehearsal.evidence import Recorder, read_log
from sandbox.rehearsal.screen import Screen
from sandbox.rehearsal.stage import Stage
from sandbox.run import Run
from sandbox.verbs import holding
from sandbox.verbs.words import CannotDo, told
from sandbox.world import WORLDS, World

FOLDERS = {"short": Path(".wedcache/rehearsal"), "full": Path(".wedcache/rehearsal-full")}
OUT = Path("out/rehearsal")
SEED = 20270612


def main(arguments: list[str]) -> int:
    """Run the rehearsal or the proofs; 0 only if every claim is true (or every proof holds)."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.rehearsal", description=__doc__)
    parser.add_argument("verb", nargs="?", choices=("run", "prove"), default="run")
    parser.add_argument("--engine", choices=(STAND_IN, REAL), default=default())
    parser.add_argument("--only", default="", help="claims, comma separated: C4,C6")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--world", choices=tuple(WORLDS), default="short", help="how wide; proofs: the dear ones too")
    parser.add_argument("--fault", default="", help=f"one fault more: {', '.join(disturbance.TABLE)}")
    parser.add_argument("--folder", type=Path, help="the run folder; its name is the report's folder")
    said = parser.parse_args(arguments)
    if said.engine == REAL and real_cli() is None:
        sys.stdout.write("ENGINE=pulumi: there is no Pulumi CLI on PATH; nothing was run\n")
        return 0
    named = said.only.split(",") if said.only else []
    proved = [claim for claim in programme.CLAIMS if said.world == "full" or not claim.is_dear]
    whole = proved if said.verb == "prove" else [one for one in programme.CLAIMS if said.world in one.worlds]
    chosen = [claim for claim in programme.CLAIMS if claim.id in named] if named else whole
    try:
        disturbed = disturbance.known(said.fault) if said.fault else None
        folder = FOLDERS[said.world].with_name(f"{FOLDERS[said.world].name}{f'-{said.fault}' if said.fault else ''}")
        run = Run(prove.FOLDER if said.verb == "prove" else said.folder or folder)
        with holding.held(run):
            if said.verb == "prove":
                return prove.prove(chosen, said.engine, said.seed)
            return rehearse(said.engine, said.seed, run, chosen, WORLDS[said.world], disturbed)
    except CannotDo as error:
        return told(str(error), error.next_step, error.code)


def rehearse(
    engine: str, seed: int, run: Run, chosen: Sequence[Claim], world: World, disturbed: disturbance.Fault | None
) -> int:
    """Play in a run folder, judge, write report.json and report.html below `out/`."""
    screen = Screen()
    screen.open(seed, engine)
    begun, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    out = OUT.with_name(run.folder.name)
    recorder = Recorder.begin(out / "evidence.jsonl", screen.hear)
    stage = Stage(run, Workspace(run, engine), recorder, seed, screen.tell, world=world)
    claims = [*chosen, fault.claim_of(disturbed)] if disturbed else chosen
    stage.disturbance = disturbance.Disturbance(disturbed) if disturbed else None
    stage.record("world", **world_row.facts(world))
    broken = programme.play(stage, programme.phases_of(claims), screen.phase)
    evidence = stage.recorder.evidence()
    result = report.Report(
        seed=seed,
        engine=engine,
        started=started,
        seconds=time.monotonic() - begun,
        findings=programme.judge(claims, evidence),
        phases=report.phase_seconds(evidence),
        broken=broken,
        not_shown=(*report.NOT_SHOWN, *report.NOT_SHOWN_IN[world.name]),
        figures=report.saturday(evidence),
        weekend=weekend.seen(evidence, read_log(run.log("guests"))),
    )
    (out / "report.json").write_text(json.dumps(result.to_json(), indent=1))
    (out / "report.html").write_text(page.render(result, evidence))
    screen.close(result, str(out / "report.html"))
    return 0 if result.all_true else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
