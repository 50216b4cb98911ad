"""The front door of the sandbox, as tests use it: verbs in processes of their own, and who bears a run's mark."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psutil

from sandbox.processes import MARK
from sandbox.run import Run

BARE = ("up", "--bare", "--detach")


@dataclass(frozen=True)
class Said:
    """What one verb answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as one object."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


def folder_in(place: Path) -> Run:
    """A run folder where the verbs want it."""
    return Run(place / ".wedcache" / "sandbox")


def command(run: Run, *words: str) -> list[str]:
    """The command line of a verb."""
    return [sys.executable, "-m", "sandbox", "--run", str(run.folder), *words]


def sandbox(run: Run, *words: str) -> Said:
    """Run a verb in a process of its own."""
    done = subprocess.run(command(run, *words), capture_output=True, text=True, check=False, timeout=180)
    return Said(done.returncode, done.stdout, done.stderr)


def bearers(run: Run) -> list[int]:
    """Every living process that was started for the run, from the process table."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == str(run.folder.resolve()):
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


def until(what: str, claim: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a claim, within bounds."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.02)


def state(pid: int) -> str:
    """The kernel's letter for a process: T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def client(run: Run, service: str) -> Any:
    """A vendor's SDK on the emulator, called `tester`."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=f"http://{run.endpoint('aws')}",
        aws_access_key_id="tester",
        aws_secret_access_key="not-a-secret",
    )
