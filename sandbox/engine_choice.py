"""Which `pulumi` a run uses: the real CLI where one is found on PATH, otherwise the stand-in."""

from __future__ import annotations

import shutil
from pathlib import Path

from sandbox import programs
from sandbox.engine.install import install, is_standin
from sandbox.run import Run

STAND_IN = "stand-in"
REAL = "pulumi"


class NoSuchEngine(Exception):
    """The engine that was asked for is not on this machine."""


def real_cli() -> str | None:
    """The path of a real Pulumi CLI on PATH; None without one."""
    found = shutil.which("pulumi")
    return found if found is not None and not is_standin(Path(found)) else None


def default() -> str:
    """The real CLI if there is one: the stand-in never hides it."""
    return REAL if real_cli() else STAND_IN


def beside(run: Run, engine: str) -> dict[str, list[str]]:
    """The processes that the engine wants in the run: name -> command."""
    return {programs.NAME: programs.reception(run)} if engine == STAND_IN else {}


def folder(run: Run, engine: str) -> Path | None:
    """The folder to put in front of PATH; None for the real CLI. Raises NoSuchEngine."""
    if engine == REAL:
        if real_cli() is None:
            raise NoSuchEngine("ENGINE=pulumi asks for the real Pulumi CLI, and there is none on PATH")
        return None
    place = run.folder.resolve() / "bin"
    if not (place / "pulumi").exists():  # laid once: another call may be running it
        install(place, {"PATH": ""})  # asked for by name, it is installed beside a real CLI too
    return place
