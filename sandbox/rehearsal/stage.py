"""What phases act with: the run, the engine, the `wedcache` command, the clock, and what is to be sabotaged."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox import fault_effects, processes
from sandbox.clock import OffsetClock
from sandbox.profile import profile_name
from sandbox.provision import Workspace
from sandbox.provisioned import WEDCACHE, start_agents
from sandbox.rehearsal.disturbance import Disturbance
from sandbox.rehearsal.evidence import Recorder
from sandbox.run import Run
from sandbox.world import SHORT, World


@dataclass(frozen=True)
class Said:
    """What one `wedcache` command answered."""

    code: int
    out: str
    err: str
    seconds: float

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as the object that `--output json` promises."""
        value = json.loads(self.out)
        assert isinstance(value, dict)  # noqa: S101  (contract: an object)
        return value


@dataclass
class Stage:
    """One rehearsal's means. `sabotage` is the counter-experiment in force, or empty."""

    run: Run
    workspace: Workspace
    recorder: Recorder
    seed: int
    tell: Callable[[str], None]
    sabotage: str = ""
    world: World = SHORT
    disturbance: Disturbance | None = None

    @property
    def clock(self) -> OffsetClock:
        """The sandbox's calendar."""
        return OffsetClock(self.run.clock)

    def record(self, kind: str, **facts: Any) -> None:
        """Write a finding down."""
        self.recorder.record(kind, **facts)

    @property
    def profile(self) -> str:
        """The profile under which `wedcache` talks to this run."""
        return profile_name(self.run)

    def wedcache(self, *arguments: str, timeout: float = 60, profile: str = "") -> Said:
        """Run `wedcache --profile NAME ...` as an operator's script would; by default with the run's own profile."""

        def run(*words: str) -> Said:
            return _typed(self, profile or self.profile, words, timeout)

        if self.disturbance is not None and self.disturbance.takes(arguments[0]):
            return self.disturbance.around(self, arguments, run)
        return run(*arguments)

    def must(self, *arguments: str, timeout: float = 60) -> Said:
        """A command that has to end with 0. Raises StageBroken with what it said."""
        said = self.wedcache(*arguments, timeout=timeout)
        if said.code != 0:
            raise StageBroken(f"wedcache {' '.join(arguments)} ended with {said.code}:\n{said.err[-2000:]}")
        return said

    def set_clock(self, at: datetime) -> None:
        """Move the calendar."""
        self.clock.set(at)
        self.record("clock", at=at.isoformat())

    def start_agents(self) -> None:
        """Start every region's agent."""
        start_agents(self.run)

    def stop_agents(self) -> list[str]:
        """End all agents; gives the names of those that lived."""
        return processes.end(self.run, [f"agent-{region}" for region in self.world.regions])

    def start_guests(self, seconds: float = 600.0) -> None:
        """Let the world's guests arrive."""
        crowd = self.world.crowd
        words = ("--count", str(crowd.count), "--rate", str(crowd.rate), "--seconds", str(seconds))
        tracked = ("--tracked",) if self.sabotage == "tracked-links" else ()
        process = processes.start(self.run, "guests", self.guests(*words, *tracked))
        processes.wait_ready(self.run, "guests", process)

    def guests(self, *words: str) -> list[str]:
        """The command that sends guests of this world's weddings."""
        whose = ("--catalogue", str(self.world.catalogue), "--seed", str(self.seed))
        return processes.python("sandbox.guests", "--run", str(self.run.folder), *whose, *words)

    def stop_region(self, region: str) -> None:
        """Stop a region: its Redis servers and its origin freeze, its bucket answers 503; its agent lives."""
        self.record("event", name=f"region lost: {region}")
        fault_effects.inject(self.run, "region-stopped", region)

    def wake_region(self, region: str) -> None:
        """Wake a stopped region."""
        fault_effects.heal(self.run, "region-stopped", region)
        self.record("event", name=f"region wakes: {region}")


def _typed(stage: Stage, profile: str, arguments: tuple[str, ...], timeout: float) -> Said:
    """What one command answers; it is evidence too."""
    begun = time.monotonic()
    done = subprocess.run(
        [str(WEDCACHE), "--profile", profile, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    said = Said(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)
    why = {"words": said.err[-1200:]} if said.code != 0 else {}
    stage.record("command", arguments=list(arguments), code=said.code, seconds=round(said.seconds, 3), **why)
    return said


class StageBroken(Exception):
    """The rehearsal cannot go on: something that its phases need is missing. No claim is judged true from it."""


def wedcache_processes(profile: str) -> list[int]:
    """The pids of every living wedcache process of this profile and user, from the process table."""
    import psutil

    found = []
    for process in psutil.process_iter(["cmdline", "uids"]):
        words = process.info["cmdline"] or []
        mine = process.info["uids"] is not None and process.info["uids"].real == os.getuid()
        if mine and any(Path(word).name == "wedcache" for word in words[:3]) and profile in words:
            found.append(process.pid)
    return found
