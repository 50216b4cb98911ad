"""Two laptops: one that dies in the middle of an operation, one with an empty disk, a profile and the kit."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.calls import Call, CallLog
from sandbox.processes import marked
from sandbox.profile import profile_path
from sandbox.provisioned import WEDCACHE
from sandbox.rehearsal.stage import Said, Stage
from sandbox.run import Run

PATIENCE_SECONDS = 120.0
SAFE_TO_RETRY = 18
TRIES = 3
EFFECTS = {
    ("cloudfront-keyvaluestore", "UpdateKeys"): ("Puts", "Deletes"),
    ("cloudflare", "load_balancers.pools.edit"): ("pool_id", "body"),
}
"""What an operation on regions does at vendors -> the parameters that say which effect it is."""


@dataclass(frozen=True)
class Laptop:
    """A folder of its own, home folder included, with a profile and an empty state."""

    run: Run
    folder: Path
    profile: str

    @classmethod
    def bare(cls, run: Run) -> Laptop:
        """Copy the run's profile into an empty folder; its state lies there as well, and there is none."""
        folder = run.folder.resolve() / "second-laptop"
        shutil.rmtree(folder, ignore_errors=True)
        theirs = profile_path(run)
        mine = folder / ".wedcache/profiles" / theirs.name
        mine.parent.mkdir(parents=True)
        mine.touch(mode=0o600)
        state = json.dumps(str(folder / "state"))
        mine.write_text(re.sub(r"^state = .*$", lambda _: f"state = {state}", theirs.read_text(), flags=re.MULTILINE))
        return cls(run, folder, theirs.stem)

    @property
    def state(self) -> list[str]:
        """What it has on its disk beside the profile."""
        state = self.folder / "state"
        return sorted(str(path.relative_to(state)) for path in state.rglob("*") if path.is_file())

    def ask(self, *arguments: str) -> Said:
        """Run a command there; again where it says that this is safe."""
        begun = time.monotonic()
        for _ in range(TRIES):
            done = subprocess.run(
                [str(WEDCACHE), "--profile", self.profile, *arguments],
                cwd=self.folder,
                env=marked(self.run) | {"HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_SECONDS,
            )
            if done.returncode != SAFE_TO_RETRY:
                break
        return Said(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


@dataclass(frozen=True)
class Death:
    """How the first laptop's command ended (-9: killed), and which steps it had told by then."""

    code: int
    steps: list[str]
    words: str


def dies_after(stage: Stage, step: str, *arguments: str) -> Death:
    """Run a command as the first laptop and kill it as soon as it tells that `step` is done."""
    process = subprocess.Popen(
        [str(WEDCACHE), "--profile", stage.profile, *arguments],
        env=marked(stage.run),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(PATIENCE_SECONDS, process.kill)
    watchdog.start()
    said: list[str] = []
    assert process.stderr is not None  # noqa: S101  (opened as a pipe above)
    with process.stderr:
        for line in process.stderr:
            said.append(line)
            if re.match(rf"\s+{step}\s+done in", line):
                os.kill(process.pid, signal.SIGKILL)
                break
        said += process.stderr.readlines()
    code = process.wait()
    watchdog.cancel()
    steps = [found[1] for line in said if (found := re.match(r"\s+(\w+)\s+done in", line))]
    return Death(code, steps, "".join(said)[-800:])


def effects(run: Run, since: float, until: float) -> dict[str, int]:
    """Effect -> how many vendor calls asked for it in [since, until), as the emulators received them."""
    found: Counter[str] = Counter()
    for call in CallLog(run.calls).read():
        if since <= call.monotonic < until and (name := _effect(call)):
            found[name] += 1
    return dict(found)


def _effect(call: Call) -> str:
    """The name of a regions' effect, "" for any other call: agents write freeze keys to the same store."""
    names = EFFECTS.get((call.service, call.operation))
    if names is None or not call.mutating or call.status >= 300:
        return ""
    parts: dict[str, Any] = {name: call.parameters.get(name) for name in names}
    if call.service == "cloudfront-keyvaluestore":
        keys = [row for rows in parts.values() for row in rows or () if row["Key"] == "route"]
        return f"route {json.dumps(keys)}" if keys else ""
    return f"pool {json.dumps(parts, sort_keys=True)}"
