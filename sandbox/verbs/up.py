"""`up`: start the cloud, provision it with the project's own programs, and stay; `down`: end all of it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime
from types import FrameType

from sandbox import processes
from sandbox.clock import OffsetClock
from sandbox.cloud import start_cloud
from sandbox.engine_choice import REAL, STAND_IN, real_cli
from sandbox.profile import profile_name, profile_path
from sandbox.provision import Workspace
from sandbox.provisioned import WEDCACHE, provision
from sandbox.run import Run
from sandbox.verbs import holding
from sandbox.verbs.words import STAYS, CannotDo, is_disk_full, show, talk
from sandbox.world import SHORT, World

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
WEDCACHE_SECONDS = 60


def up(
    run: Run,
    *,
    detach: bool,
    at: datetime | None,
    seed: int,
    engine: str = "",
    bare: bool = False,
    world: World = SHORT,
) -> int:
    """Bring the sandbox up; stay in the foreground unless `detach`. `bare`: processes only, nothing is provisioned.

    The calendar starts at `at`, or at the machine's time. Raises CannotDo; nothing that was started lives then.
    """
    with holding.held(run), _interruptible() as interrupted:
        _refuse_a_second(run)
        try:
            workspace = None if bare else Workspace(run, engine or (REAL if real_cli() else STAND_IN))
            start_cloud(run, world, talk, seed, workspace.beside() if workspace else None)
            if at is not None:
                OffsetClock(run.clock).set(at)
            if workspace is not None:
                _provision(run, workspace)
            if detach:
                with run.edit() as registry:
                    registry[STAYS] = True
        except BaseException as error:
            _end(run)
            if is_disk_full(run, error):
                raise CannotDo(
                    f"no space is left on the disk of {run.folder.resolve()}; nothing was left running",
                    "make room, then make sandbox",
                ) from error
            raise
        if detach:
            return 0
        talk("the sandbox is up; Ctrl-C ends it")
        try:
            interrupted.wait()
        except KeyboardInterrupt:
            pass
        finally:
            talk("ending")
            _end(run)
    return 0


def down(run: Run) -> int:
    """End whatever lives of the run in this folder, and nothing else."""
    asked = holding.ask_to_end(run)
    ended = processes.end(run) if run.folder.is_dir() else []
    with contextlib.suppress(FileNotFoundError):
        profile_path(run).unlink()  # its ports are dead
    if run.registry.exists():
        with run.edit() as registry:
            registry[STAYS] = False
    count = len(ended)
    if asked is not None:
        show(f"`up` (pid {asked}) was asked to end what it had started")
    if ended:
        show(
            f"ended {count} process{'es' if count > 1 else ''}: {', '.join(ended)}; logs stay in {run.folder / 'logs'}"
        )
    if asked is None and not ended:
        show(f"nothing was up in {run.folder}")
    return 0


def _refuse_a_second(run: Run) -> None:
    living = processes.alive(run)
    if living and run.read().get(STAYS):
        pids = ", ".join(f"{name} {pid}" for name, pid in living.items())
        raise CannotDo(f"a sandbox is already up in {run.folder}: {pids}", "python -m sandbox down")
    if living:
        talk(f"ending what an interrupted start left: {', '.join(living)}")


def _provision(run: Run, workspace: Workspace) -> None:
    def wedcache(*arguments: str) -> str:
        done = subprocess.run(
            [str(WEDCACHE), "--profile", profile_name(run), *arguments],
            cwd=run.folder.resolve().parent.parent,
            env=processes.marked(run),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=WEDCACHE_SECONDS,
        )
        if done.returncode != 0:
            raise CannotDo(f"wedcache {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout

    with run.edit() as registry:
        registry["engine"] = workspace.engine
    provision(run, workspace, wedcache, talk)
    show(wedcache("status").rstrip())


def _end(run: Run) -> None:
    """End everything, whatever else is pressed meanwhile."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(OSError):  # a full disk: the processes have ended, the registry cannot say so
        processes.end(run)
    with contextlib.suppress(OSError):
        profile_path(run).unlink()


@contextlib.contextmanager
def _interruptible() -> Iterator[threading.Event]:
    """SIGTERM and SIGHUP end a start as Ctrl-C does. The event is never set: waiting for it lasts until a signal."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    ours = [one for one in SIGNALS if one is not signal.SIGHUP or signal.getsignal(one) is not signal.SIG_IGN]  # nohup
    before = {number: signal.signal(number, stop) for number in ours}
    try:
        yield threading.Event()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
