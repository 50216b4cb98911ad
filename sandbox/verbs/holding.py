"""Who is at work on a run folder: a lock that the kernel gives back when its holder dies, however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from sandbox.run import Run
from sandbox.verbs.words import CannotDo

ASK_SECONDS = 15.0


def lock_path(run: Run) -> Path:
    """Beside the run folder, which is emptied at every start."""
    return run.folder.with_name(f"{run.folder.name}.lock")


@contextlib.contextmanager
def held(run: Run) -> Iterator[None]:
    """Hold the folder for a start. Raises CannotDo where it is not a run's, or somebody else holds it: then by pid."""
    _check_ours(run)
    path = lock_path(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        if not _taken(file.fileno()):
            raise CannotDo(
                f"a sandbox or a rehearsal (pid {holder(run)}) already holds {run.folder}; it was left as it is",
                f"python -m sandbox --run {run.folder} down",
            )
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _check_ours(run: Run) -> None:
    """A start empties the folder, so it must be ours or not be there. Raises CannotDo."""
    if run.folder.resolve().parent.name != ".wedcache":
        raise CannotDo(
            f"{run.folder}: a run folder lies in a folder .wedcache, where wedcache looks for profiles", code=2
        )
    if run.folder.exists() and not run.folder.is_dir():
        raise CannotDo(f"{run.folder} is not a folder; it was left as it is", f"move {run.folder} away")
    if run.folder.is_dir() and any(run.folder.iterdir()) and not run.registry.exists():
        raise CannotDo(
            f"{run.folder} holds files of somebody else (no run.json); it was left as it is",
            f"rm -r {run.folder}, if nothing in it is needed",
        )


def holder(run: Run) -> int | None:
    """The pid of who holds the folder now; None where nobody does."""
    try:
        with lock_path(run).open("r+") as file:
            if _taken(file.fileno()):
                return None
            return int(file.read() or 0) or None
    except FileNotFoundError:
        return None


def ask_to_end(run: Run) -> int | None:
    """SIGTERM to the holder and wait for its end; gives its pid, None without one. Raises CannotDo where it stays."""
    pid = holder(run)
    if pid is None or pid == os.getpid():
        return None
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + ASK_SECONDS
    while holder(run) == pid:
        if time.monotonic() > deadline:
            raise CannotDo(
                f"pid {pid} holds {run.folder} and does not end on SIGTERM", f"kill -9 {pid}, then down again"
            )
        time.sleep(0.05)
    return pid


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
