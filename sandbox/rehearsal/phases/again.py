"""A second `up` of both stacks must change nothing: the engine says so, and the vendors saw no mutating call."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

from sandbox.provision import PLATFORM, WEDDING
from sandbox.rehearsal.calls_since import mutating
from sandbox.rehearsal.stage import Stage

PULUMI = "pulumi-sandbox"


def play(stage: Stage) -> None:
    """Both at once: they are two projects."""
    begun = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        ran = list(
            pool.map(
                lambda stack: stage.workspace.pulumi(
                    stack, "up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", stack[1]
                ),
                (PLATFORM, WEDDING),
            )
        )
    until = time.monotonic()
    stage.record(
        "again",
        codes=[one.code for one in ran],
        unchanged=sum(int(count) for one in ran for count in re.findall(r"(\d+) unchanged", one.text)),
        mutating=mutating(stage.run, begun, until, PULUMI) | mutating(stage.run, begun, until, "cloudflare-pulumi"),
        tails=[one.text[-400:] for one in ran if one.code != 0],
    )
