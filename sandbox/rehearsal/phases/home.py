"""After the window the woken region is home again, once it holds what was written without it."""

from __future__ import annotations

import time

from sandbox.rehearsal.stage import Said, Stage
from sandbox.rehearsal.tiers import ask_origin

PATIENCE_SECONDS = 30.0


def play(stage: Stage) -> None:
    """Fail back; a region that is not ready yet is asked again."""
    begun = time.monotonic()
    done = return_home(stage)
    stage.record(
        "failback",
        code=done.code,
        seconds=round(time.monotonic() - begun, 3),
        steps=done.json["seconds"] if done.code == 0 else {},
        words=done.err[-800:],
        home_answers=ask_origin(stage.run, stage.world.home, "como.weddings.example", "/guests")[1].get(
            "x-wedcache-region"
        ),
    )


def return_home(stage: Stage) -> Said:
    """What the failback ended with that went through, or the last one tried."""
    begun = time.monotonic()
    done = stage.wedcache("failback", stage.world.home, "--yes", "--output", "json")
    while done.code != 0 and time.monotonic() - begun < PATIENCE_SECONDS:
        stage.record("not-yet", code=done.code, words=done.err[-800:])
        time.sleep(0.5)
        done = stage.wedcache("failback", stage.world.home, "--yes", "--output", "json")
    return done
