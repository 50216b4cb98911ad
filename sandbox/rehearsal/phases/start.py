"""The cloud starts, Friday morning before the wedding; the programs provision it; calendar and agents begin."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from sandbox.cloud import start_cloud
from sandbox.profile import write_profile
from sandbox.provision import PLATFORM, PROJECT, WEDDING, request_certificate
from sandbox.rehearsal.stage import Stage, StageBroken

FRIDAY = datetime(2027, 6, 11, 7, 0, tzinfo=UTC)
"""Three hours before the freeze of the Saturday wedding at Lake Como begins (12:00 local)."""

DEAF = {"FRA56-P1": "QueryStringsConfig"}
"""The counter-experiment to obedience: this POP does not hear which query strings belong to the cache key."""


def play(stage: Stage) -> None:
    """Start, provision both stacks, publish the calendar, start the agents."""
    begun = time.monotonic()
    deaf = DEAF if stage.sabotage == "deaf-pop" else None
    start_cloud(stage.run, str(PROJECT / "catalogue.yaml"), stage.tell, stage.seed, deaf)
    stage.set_clock(FRIDAY)
    stage.record("cloud", seconds=round(time.monotonic() - begun, 3))
    stage.workspace.write(request_certificate(stage.run))
    write_profile(stage.run)
    up(stage, PLATFORM)
    # Publishing reads the inventory and keeps the copy that the wedding's stack is declared from.
    stage.must("freeze", "push", *(["--plan"] if stage.sabotage == "skip-push" else ["--yes"]))
    stage.start_agents()
    up(stage, WEDDING)


def up(stage: Stage, stack: tuple[str, str]) -> None:
    """Create a stack and provision it for the first time."""
    stage.tell(f"pulumi up: {stack[0]}")
    for arguments in (("stack", "init", stack[1]), ("up", "--yes", "--skip-preview", "--stack", stack[1])):
        ran = stage.workspace.pulumi(stack, *arguments)
        stage.record("pulumi", stack=stack[0], verb=arguments[0], code=ran.code, seconds=round(ran.seconds, 3))
        if ran.code != 0:
            raise StageBroken(f"pulumi {' '.join(arguments)} of {stack[0]} failed:\n{ran.text[-3000:]}")
