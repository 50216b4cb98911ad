"""How long guests wait for the home region's origin while nobody warms; the warming is measured against it."""

from __future__ import annotations

import time

from sandbox.rehearsal.sampling import Sampler
from sandbox.rehearsal.stage import Stage

ALONE_SECONDS = 5.0


def play(stage: Stage) -> None:
    """Ask for a while, with everything in place and no traffic."""
    with Sampler(stage.run, stage.world.home) as sampler:
        time.sleep(ALONE_SECONDS)
    p95, samples = sampler.p95(0.0, time.monotonic())
    stage.record("alone", p95=p95, samples=samples, failed=sampler.failed)
