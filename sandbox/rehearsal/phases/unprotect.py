"""Outside every window: a protected stack refuses its destruction; an `up` takes the protection off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from sandbox.provision import PLATFORM, WEDDING, Ran, Stack
from sandbox.rehearsal.stage import Stage, StageBroken

PROTECTION = {"platform": "wedcache:deletion_protection", "weddings": "wedcache-weddings:deletion_protection"}


def play(stage: Stage) -> None:
    """Try to destroy, be refused, then set `deletion_protection: false` in every stack."""
    if stage.clock.now() < stage.world.over:
        stage.set_clock(stage.world.over)
    with ThreadPoolExecutor(max_workers=2) as pool:
        platform = pool.submit(_unprotect, stage, PLATFORM)
        protected = stage.workspace.pulumi(WEDDING, "destroy", "--yes", "--run-program", "--stack", WEDDING[1])
        stage.record("protected", code=protected.code, named="protected" in protected.text)
        for wedding in stage.workspace.weddings:
            _unprotect(stage, wedding)
        platform.result()


def must(ran: Ran, what: str) -> Ran:
    """The run, if it ended well. Raises StageBroken."""
    if ran.code != 0:
        raise StageBroken(f"pulumi {what} ended with {ran.code}:\n{ran.text[-3000:]}")
    return ran


def _unprotect(stage: Stage, stack: Stack) -> None:
    """Without the preview: what it would show is one line of configuration."""
    stage.workspace.set(stack, PROTECTION[stack[0]], False)
    must(stage.workspace.pulumi(stack, "up", "--yes", "--skip-preview", "--stack", stack[1]), "up without protection")
