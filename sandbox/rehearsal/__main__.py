"""`python -m sandbox.rehearsal [prove] [--engine pulumi] [--only C4]`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from sandbox.engine_choice import REAL, STAND_IN, default, real_cli
from sandbox.provision import Workspace
from sandbox.rehearsal import page, programme, prove, report, weekend, world_row
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
    parser.add_argument("--world", choices=tuple(WORLDS), default="short", help="how wide; proofs: the short one")
    parser.add_argument("--folder", type=Path, help="the run folder; its name is the report's folder")
    said = parser.parse_args(arguments)
    if said.engine == REAL and real_cli() is None:
        sys.stdout.write("ENGINE=pulumi: there is no Pulumi CLI on PATH; nothing was run\n")
        return 0
    named = said.only.split(",") if said.only else []
    whole = [claim for claim in programme.CLAIMS if said.verb == "prove" or said.world in claim.worlds]
    chosen = [claim for claim in programme.CLAIMS if claim.id in named] if named else whole
    run = Run(prove.FOLDER if said.verb == "prove" else said.folder or FOLDERS[said.world])
    try:
        with holding.held(run):
            if said.verb == "prove":
                return prove.prove(chosen, said.engine, said.seed)
            phases = programme.phases_of(chosen)
            return rehearse(
                said.engine,
                said.seed,
                run,
                phases=phases,
                only=[claim.id for claim in chosen],
                world=WORLDS[said.world],
            )
    except CannotDo as error:
        return told(str(error), error.next_step, error.code)


def rehearse(engine: str, seed: int, run: Run, *, phases: list[str], only: list[str], world: World) -> int:
    """Play in a run folder, judge, write report.json and report.html below `out/`."""
    screen = Screen()
    screen.open(seed, engine)
    begun, started = time.monotonic(), datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    out = OUT.with_name(run.folder.name)
    recorder = Recorder.begin(out / "evidence.jsonl", screen.hear)
    stage = Stage(run, Workspace(run, engine), recorder, seed, screen.tell, world=world)
    stage.record("world", **world_row.facts(world))
    broken = programme.play(stage, phases, screen.phase)
    evidence = stage.recorder.evidence()
    claims = [claim for claim in programme.CLAIMS if claim.id in only]
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
