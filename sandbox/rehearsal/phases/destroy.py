"""Every stack is destroyed, the weddings first; the vendors are asked what is left."""

from __future__ import annotations

from sandbox.provision import PLATFORM
from sandbox.rehearsal.leftovers import left_at_the_vendors
from sandbox.rehearsal.phases.unprotect import must
from sandbox.rehearsal.stage import Stage


def play(stage: Stage) -> None:
    """The agents end first: what they write into the shared store goes with its buckets."""
    stage.stop_agents()
    destroyed = [
        must(
            stage.workspace.pulumi(stack, "destroy", "--yes", "--skip-preview", "--run-program", "--stack", stack[1]),
            "destroy",
        )
        for stack in (*stage.workspace.weddings, PLATFORM)
    ]
    stage.record("destroy", codes=[ran.code for ran in destroyed], left=left_at_the_vendors(stage.run))
