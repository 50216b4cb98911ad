"""The processes of one run: started, recorded by pid and start time, signalled and ended by that record only."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox.run import Run

MARK = "WEDCACHE_SANDBOX_RUN"
"""In the environment of everything that a run starts: its folder. What was started but not yet recorded, or started
by what we started, is known by it."""
READY_SECONDS = 60.0
END_SECONDS = 3.0


class NotStarted(Exception):
    """A process ended, or did not say `ready`, before its time; the message shows the end of its log."""


@dataclass(frozen=True)
class Started:
    """A process that serves: its name in the registry, its pid, and what it said after `ready`."""

    name: str
    pid: int
    said: str


def python(module: str, *arguments: str) -> list[str]:
    """The command line that runs one of the sandbox's modules with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def start(
    run: Run, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its standard error in `logs/<name>.log`; recorded at once."""
    logs = run.folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with (logs / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env={**marked(run), **(environment or {})},
            start_new_session=True,
        )
    try:
        record(run, name, process.pid)
    except BaseException:  # nobody would know of it
        process.kill()
        process.wait()
        raise
    return process


def start_unattended(run: Run, name: str, command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start `command`, whose standard output nobody reads."""
    process = start(run, name, command)
    if process.stdout is not None:
        process.stdout.close()
    return process


def marked(run: Run) -> dict[str, str]:
    """This process's environment with the run's mark, for what the run starts."""
    return {**os.environ, MARK: str(run.folder.resolve())}


def record(run: Run, name: str, pid: int) -> None:
    """Write a process into the registry: pid and start time, so that a reused pid is never ours."""
    with run.edit() as registry:
        registry.setdefault("processes", {})[name] = {"pid": pid, "started": _started_at(pid)}


def wait_ready(run: Run, name: str, process: subprocess.Popen[bytes], seconds: float = READY_SECONDS) -> Started:
    """Wait for the line `ready ...` on the process's standard output. Raises NotStarted."""
    assert process.stdout is not None  # noqa: S101  (opened as a pipe above)
    deadline = time.monotonic() + seconds
    text = b""
    while time.monotonic() < deadline:
        readable, _, _ = select.select([process.stdout], [], [], 0.05)
        if readable:
            chunk = os.read(process.stdout.fileno(), 4096)
            text += chunk
            for line in text.decode(errors="replace").split("\n")[:-1]:  # whole lines only
                if line.startswith("ready"):
                    process.stdout.close()
                    return Started(name, process.pid, line.removeprefix("ready").strip())
            if chunk:
                continue
        if process.poll() is not None:
            break
    process.stdout.close()
    raise NotStarted(f"{name} did not start (exit {process.poll()}); the end of its log:\n{_tail(run, name)}")


def alive(run: Run) -> dict[str, int]:
    """Name -> pid of the recorded processes that still live."""
    found = {}
    for name, row in run.read().get("processes", {}).items():
        if _is_ours(row):
            found[name] = int(row["pid"])
    return found


def send(run: Run, names: Iterable[str], number: signal.Signals) -> list[str]:
    """Signal the named processes of this run; returns those that lived."""
    living = alive(run)
    reached = [name for name in names if name in living]
    for name in reached:
        os.kill(living[name], number)
    return reached


def end(run: Run, names: Iterable[str] | None = None) -> list[str]:
    """End processes of this run (None: all, those that only bear its mark too): SIGCONT and SIGTERM, then SIGKILL after
    3 s. Returns the names of the recorded ones.
    """
    living = {name: pid for name, pid in alive(run).items() if names is None or name in set(names)}
    processes = []
    for pid in {*living.values(), *(_marked_pids(run) if names is None else ())}:
        try:
            process = psutil.Process(pid)
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGCONT)
            processes.append(process)
        except psutil.NoSuchProcess:
            continue
    for process in _still_living(processes):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _still_living(processes)
    with run.edit() as registry:
        for name in living:
            registry.get("processes", {}).pop(name, None)
    return sorted(living)


def _still_living(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended after 3 s. A zombie has ended: its parent may be slow to ask for its exit code."""
    deadline = time.monotonic() + END_SECONDS
    living = list(processes)
    while living and time.monotonic() < deadline:
        living = [process for process in living if not _has_ended(process)]
        time.sleep(0.01)
    return living


def _has_ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _is_ours(row: Mapping[str, object]) -> bool:
    pid = int(str(row["pid"]))
    try:
        process = psutil.Process(pid)
        return (
            abs(process.create_time() - float(str(row["started"]))) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.NoSuchProcess:
        return False


def _marked_pids(run: Run) -> list[int]:
    mark = f"{MARK}={run.folder.resolve()}".encode()
    found = []
    for pid in psutil.pids():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:  # gone, or another user's
            continue
        if pid != os.getpid() and mark in environment.split(b"\0"):
            found.append(pid)
    return found


def _started_at(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def _tail(run: Run, name: str) -> str:
    path: Path = run.folder / "logs" / f"{name}.log"
    if not path.exists():
        return "(no log)"
    return "\n".join(path.read_text(errors="replace").splitlines()[-15:])
