"""After the window: protection is taken off by an `up`, both stacks go, the vendors are asked what is left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sandbox.provision import PLATFORM, WEDDING, Ran
from sandbox.rehearsal.leftovers import left_at_the_vendors
from sandbox.rehearsal.stage import Stage, StageBroken

PROTECTION = {PLATFORM: "wedcache:deletion_protection", WEDDING: "wedcache-weddings:deletion_protection"}


def play(stage: Stage) -> None:
    """Refused while protected; then unprotected and destroyed, the wedding first."""
    stage.stop_agents()
    protected = stage.workspace.pulumi(WEDDING, "destroy", "--yes", "--run-program", "--stack", WEDDING[1])
    for stack, key in PROTECTION.items():
        stage.workspace.set(stack, key, False)
    with ThreadPoolExecutor(max_workers=2) as pool:
        for ran in pool.map(lambda stack: up(stage, stack), PROTECTION):
            must(ran, "up without protection")
    destroyed = [
        must(stage.workspace.pulumi(stack, "destroy", "--yes", "--run-program", "--stack", stack[1]), "destroy")
        for stack in (WEDDING, PLATFORM)
    ]
    stage.record(
        "destroy",
        protected=protected.code,
        codes=[ran.code for ran in destroyed],
        left=left_at_the_vendors(stage.run),
    )


def up(stage: Stage, stack: tuple[str, str]) -> Ran:
    """One `up`, without the preview that was looked at before."""
    return stage.workspace.pulumi(stack, "up", "--yes", "--skip-preview", "--stack", stack[1])


def must(ran: Ran, what: str) -> Ran:
    """The run, if it ended well. Raises StageBroken."""
    if ran.code != 0:
        raise StageBroken(f"pulumi {what} ended with {ran.code}:\n{ran.text[-3000:]}")
    return ran
