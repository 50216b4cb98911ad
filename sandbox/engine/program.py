"""The program's process: which interpreter, how it starts, what it prints, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sandbox.engine import refused
from sandbox.engine.project import Project
from sandbox.engine.stop import Stop

_CHILD = Path(__file__).parent / "child" / "run_program.py"
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


class Program:
    """A program's process, started early: it imports the SDK while the engine prepares, then gets its settings."""

    def __init__(self, python: Path, environ: Mapping[str, str]) -> None:
        read_end, write_end = os.pipe()
        self._control = os.fdopen(write_end, "w", encoding="utf-8")
        self._process = subprocess.Popen(
            [python, _CHILD, str(read_end)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            pass_fds=[read_end],
            start_new_session=True,
        )
        os.close(read_end)

    async def run(self, settings: Mapping[str, Any], say: Callable[[str], None]) -> int:
        """Give the settings and follow the program to its end: every line to `say`; the exit code."""
        self._control.write(json.dumps(settings) + "\n")
        self._control.flush()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._follow, loop, say)
        return await loop.run_in_executor(None, self._process.wait)

    def _follow(self, loop: asyncio.AbstractEventLoop, say: Callable[[str], None]) -> None:
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            loop.call_soon_threadsafe(say, line.decode(errors="replace").rstrip("\n"))

    async def stop(self) -> None:
        """End the program: an interrupt first, after a short grace for good."""
        if self._process.poll() is None:
            self._signal(signal.SIGINT)
            loop = asyncio.get_running_loop()
            try:
                await asyncio.wait_for(loop.run_in_executor(None, self._process.wait, _GRACE), _GRACE * 2)
            except (TimeoutError, subprocess.TimeoutExpired):
                self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of the process; it is ended where it still runs."""
        if self._process.poll() is None:
            self._signal(signal.SIGKILL)
        self._process.wait()
        self._control.close()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return
