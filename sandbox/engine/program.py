"""The program's process: which interpreter, how it starts, what it prints, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.engine import refused
from sandbox.engine.project import Project
from sandbox.engine.stop import Stop

CHILD = Path(__file__).parent / "child" / "run_program.py"
QUIET = {"GRPC_VERBOSITY": "ERROR"}
"""An ended call is no news: without this, gRPC tells of each connection that it closes."""
RECEPTION = "WEDCACHE_PROGRAM_RECEPTION"
"""In the environment: the socket at which a process with the SDKs imported receives engines."""
_GRACE = 1.0


def interpreter(project: Project) -> Path:
    """The Python that runs the program: the `virtualenv` of the runtime options, else ours. Raises Stop."""
    if str(project.options.get("toolchain") or "pip") != "pip":
        raise refused.refuse("toolchain", str(project.options["toolchain"]))
    if project.options.get("typechecker"):
        raise refused.refuse("typechecker", str(project.options["typechecker"]))
    virtualenv = project.options.get("virtualenv")
    if not virtualenv:
        return Path(sys.executable)
    python = project.root / str(virtualenv) / "bin" / "python"
    if not python.exists():
        raise Stop(f"the virtualenv of {project.file} has no {python}: make it first (make setup)")
    return python


def installed_plugins(python: Path) -> dict[str, str]:
    """Package -> version of every Pulumi SDK installed beside this interpreter, from their `pulumi-plugin.json`."""
    found: dict[str, str] = {}
    for file in sorted(python.parent.parent.glob("lib/python3*/site-packages/*/pulumi-plugin.json")):
        data = json.loads(file.read_text())
        if data.get("resource") and data.get("name") and data.get("version"):
            found[data["name"]] = data["version"].removeprefix("v")
    return found


class Nursery:
    """Runs programs, one at a time, in forks of a process that has imported the SDKs.

    That process is the one that listens at `RECEPTION`, if the environment names one of our own interpreter; otherwise
    it is started here, early, and imports while the engine prepares. `used` remembers which SDK modules the last run
    imported, so that the next one imports them ahead.
    """

    def __init__(self, python: Path, environ: Mapping[str, str], used: Path) -> None:
        self._environ = {**QUIET, **environ}
        self._used = used
        self._pid = 0
        self._process: subprocess.Popen[bytes] | None = None
        received = _received(python, environ)
        self._socket = received or self._started(python)

    def _started(self, python: Path) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [python, CHILD, _known(self._used), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                env=self._environ,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return ours

    async def run(self, settings: Mapping[str, Any], say: Callable[[str], None]) -> int:
        """Run the program to its end: every line of output to `say`; the exit code (negative: ended by a signal)."""
        loop = asyncio.get_running_loop()
        self._used.parent.mkdir(parents=True, exist_ok=True)
        message = json.dumps({**settings, "used": str(self._used), "environ": self._environ}).encode()

        def talk(line: str) -> None:
            loop.call_soon_threadsafe(say, line)

        return await loop.run_in_executor(None, self._follow, message, talk)

    def _follow(self, message: bytes, talk: Callable[[str], None]) -> int:
        read_end, write_end = os.pipe()
        with os.fdopen(read_end, "r", encoding="utf-8", errors="replace") as output:
            socket.send_fds(self._socket, [message], [write_end])
            os.close(write_end)
            answers = self._socket.makefile("r")
            self._pid = int(answers.readline() or 0)
            for line in output:
                talk(line.rstrip("\n"))
        code = answers.readline()
        self._pid = 0
        return int(code) if code else 1

    def interrupt(self) -> None:
        """Ask the running program to end."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End the running program for good."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """End the process and whatever still runs in it."""
        self.kill()
        self._socket.close()
        if self._process is None:
            return
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _signal(self, number: int) -> None:
        if self._pid:
            try:
                os.killpg(self._pid, number)
            except ProcessLookupError:
                self._pid = 0


def _received(python: Path, environ: Mapping[str, str]) -> socket.socket | None:
    """A connection to the reception; None where there is none, or where its interpreter is not the program's."""
    path = environ.get(RECEPTION)
    if not path or not python.parent.samefile(Path(sys.executable).parent):
        return None
    folder = os.open(Path(path).parent, os.O_PATH)
    door = socket.socket(socket.AF_UNIX)
    try:
        door.connect(f"/proc/self/fd/{folder}/{Path(path).name}")  # a socket's address has room for 107 bytes
    except OSError:
        door.close()
        return None
    finally:
        os.close(folder)
    return door


def _known(used: Path) -> str:
    """The modules to import ahead, as JSON."""
    try:
        names = json.loads(used.read_text())
    except (OSError, ValueError):
        return "[]"
    return json.dumps([name for name in names if isinstance(name, str) and name.startswith("pulumi_")])
