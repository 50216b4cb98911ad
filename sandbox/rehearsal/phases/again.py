"""A second `up` of every stack must change nothing: the engine says so, and the vendors saw no mutating call."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

from sandbox.provision import PLATFORM
from sandbox.rehearsal.calls_since import mutating
from sandbox.rehearsal.stage import Stage

PULUMI = "pulumi-sandbox"


def play(stage: Stage) -> None:
    """Two at a time: each stack has a lock of its own."""
    begun = time.monotonic()
    with ThreadPoolExecutor(max_workers=2) as pool:
        ran = list(
            pool.map(
                lambda stack: stage.workspace.pulumi(
                    stack, "up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", stack[1]
                ),
                (PLATFORM, *stage.workspace.weddings),
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
