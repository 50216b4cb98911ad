"""The cloud starts, before the first freeze begins; the programs provision it; calendar and agents begin."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from sandbox.cloud import start_cloud
from sandbox.provisioned import NotProvisioned, provision
from sandbox.rehearsal.stage import Stage, StageBroken

DEFECTS: dict[str, Mapping[str, Sequence[str]]] = {
    "deaf-pop": {"pop-FRA56-P1": ("--ignore", "QueryStringsConfig")},
    "drop-purge": {"pop-FRA": ("--ignore", "purges")},
    "forget-delete": {"providers": ("--forget-delete", "aws:elasticache/parameterGroup:ParameterGroup")},
    "silent-owner": {"origin-eu-central-1": ("--silent",), "origin-us-east-1": ("--silent",)},
    "by-hand": {"origin-eu-central-1": ("--silent",), "origin-us-east-1": ("--silent",)},
    "no-fence": {"origin-eu-central-1": ("--unfenced",), "origin-us-east-1": ("--unfenced",)},
}
"""Counter-experiment -> what is wrong with the cloud: a POP that does not hear which query strings belong to the cache
key, one that hears no purge, a provider that says it deleted what it did not, origins that tell
nobody of owners' updates (by-hand: somebody purges instead), origins that take any epoch for today's.
"""


def play(stage: Stage) -> None:
    """Start, provision every stack, publish the calendar, start the agents."""
    begun = time.monotonic()
    defects = DEFECTS.get(stage.sabotage)
    start_cloud(stage.run, stage.world, stage.tell, stage.seed, stage.workspace.beside(), defects)
    stage.set_clock(stage.world.begins)
    stage.record("cloud", seconds=round(time.monotonic() - begun, 3))
    try:
        provision(
            stage.run,
            stage.workspace,
            stage.must,
            stage.tell,
            lambda stack, verb, ran: stage.record(
                "pulumi", stack=stack[0], verb=verb, code=ran.code, seconds=round(ran.seconds, 3)
            ),
            ("--plan",) if stage.sabotage == "skip-push" else ("--yes",),
        )
    except NotProvisioned as error:
        raise StageBroken(str(error)) from error
