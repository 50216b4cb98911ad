"""Outside every window: a protected stack refuses its destruction; an `up` takes the protection off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sandbox.provision import PLATFORM, WEDDING, Ran
from sandbox.rehearsal.stage import Stage, StageBroken

PROTECTION = {PLATFORM: "wedcache:deletion_protection", WEDDING: "wedcache-weddings:deletion_protection"}


def play(stage: Stage) -> None:
    """Try to destroy, be refused, then set `deletion_protection: false` in both stacks."""
    protected = stage.workspace.pulumi(WEDDING, "destroy", "--yes", "--run-program", "--stack", WEDDING[1])
    stage.record("protected", code=protected.code, words=protected.text[-600:])
    for stack, key in PROTECTION.items():
        stage.workspace.set(stack, key, False)
    with ThreadPoolExecutor(max_workers=2) as pool:
        for ran in pool.map(lambda stack: _up(stage, stack), PROTECTION):
            must(ran, "up without protection")


def must(ran: Ran, what: str) -> Ran:
    """The run, if it ended well. Raises StageBroken."""
    if ran.code != 0:
        raise StageBroken(f"pulumi {what} ended with {ran.code}:\n{ran.text[-3000:]}")
    return ran


def _up(stage: Stage, stack: tuple[str, str]) -> Ran:
    """Without the preview: what it would show is one line of configuration."""
    return stage.workspace.pulumi(stack, "up", "--yes", "--skip-preview", "--stack", stack[1])
