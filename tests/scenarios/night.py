"""A sandbox with real processes, and `wedcache` asked in this process, as a runbook's reader types it."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from controlplane import bootstrap
from controlplane.bootstrap import Plant
from controlplane.cli.main import run as wedcache
from sandbox.provisioned import WEDCACHE
from sandbox.run import Run
from sandbox.world import PROJECT
from tests.sandbox.front import Said

PATIENCE_SECONDS = 90.0
LEASE_LOST = 12
NOTHING_CHANGED = (1, 18)
"""Codes after which the same command may be typed again: refused, or nobody answered."""


@dataclass
class Night:
    """A sandbox that is up, and who is on call."""

    run: Run
    capsys: pytest.CaptureFixture[str]
    plants: list[Plant] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Said:
        """Ask `wedcache` once."""
        self.capsys.readouterr()
        code = wedcache(["--profile", self.run.folder.name, *arguments])
        return Said(code, *self.capsys.readouterr())

    def typed(self, *arguments: str, code: int = 0) -> Said:
        """Ask until it ends with `code`; only what changed nothing is asked again, and what a slow machine lost the
        lease of is resumed, as its message says."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            said = self(*arguments)
            if said.code == code:
                return said
            begun = re.search(r"^plan (\S+):", said.err, re.MULTILINE)
            if said.code == LEASE_LOST and (begun or arguments[:2] == ("ops", "resume")):
                arguments = ("ops", "resume", begun[1]) if begun else arguments
                continue
            may_wait = said.code in NOTHING_CHANGED and time.monotonic() < deadline
            assert may_wait, f"wedcache {' '.join(arguments)} ended with {said.code}:\n{said.out}{said.err}"
            time.sleep(0.5)

    def sandbox(self, *words: str) -> None:
        """One verb of the sandbox, as `fault inject`."""
        verb = [sys.executable, "-m", "sandbox", "--run", str(self.run.folder), *words]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        subprocess.run(verb, env=environment, check=True, capture_output=True, timeout=PATIENCE_SECONDS)

    def until(self, what: str, claim: Callable[[], bool]) -> None:
        """Wait for a claim."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not claim():
            assert time.monotonic() < deadline, f"{what} did not come about"
            time.sleep(0.3)

    def status(self) -> dict[str, Any]:
        """`wedcache status` as an object; without the shared store what is known."""
        return self("status", "--output", "json").json

    def plant(self) -> Plant:
        """The plant itself, for what on-call has no command for."""
        return bootstrap.plant(self.run.folder.name)

    def command(self, *arguments: str) -> list[str]:
        """The command line of a process of its own."""
        return [str(WEDCACHE), "--profile", self.run.folder.name, *arguments]


@contextmanager
def standing(place: Path) -> Iterator[Run]:
    """A provisioned sandbox below `place`, until the end of the block; agents find its profile from where it starts."""
    run = Run(place / ".wedcache" / "sandbox")
    words = [sys.executable, "-m", "sandbox", "--run", str(run.folder)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    try:
        up = subprocess.run(
            [*words, "up", "--detach"],
            cwd=place, env=environment, check=False, capture_output=True, text=True, timeout=400,
        )  # fmt: skip
        assert up.returncode == 0, up.stderr[-2000:]
        yield run
    finally:
        subprocess.run([*words, "down"], check=False, capture_output=True, timeout=60)


@contextmanager
def on_call(run: Run, capsys: pytest.CaptureFixture[str]) -> Iterator[Night]:
    """Somebody on call in the folder of `run`; connections and faults end with the block."""
    night = Night(run, capsys)
    real = bootstrap.plant

    def kept(profile: str) -> Plant:
        night.plants.append(real(profile))
        return night.plants[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "plant", kept)
        patch.chdir(run.folder.parent.parent)
        try:
            yield night
        finally:
            night.sandbox("fault", "heal")
            for plant in night.plants:
                with contextlib.suppress(KeyError):
                    vars(plant)["cloudflare"].close()
                with contextlib.suppress(KeyError):
                    vars(plant)["store"].close()
            gc.collect()
