"""Which `pulumi` a run uses: the real CLI where it is asked for and found, otherwise the stand-in."""

from __future__ import annotations

import shutil
from pathlib import Path

from sandbox.run import Run

STAND_IN = "stand-in"
REAL = "pulumi"


class NoSuchEngine(Exception):
    """The engine that was asked for is not on this machine."""


def real_cli() -> str | None:
    """The path of a real Pulumi CLI on PATH; None without one."""
    return shutil.which("pulumi")


def folder(run: Run, engine: str) -> Path | None:
    """The folder to put in front of PATH; None for the real CLI. Raises NoSuchEngine."""
    if engine == REAL:
        if real_cli() is None:
            raise NoSuchEngine("ENGINE=pulumi asks for the real Pulumi CLI, and there is none on PATH")
        return None
    from sandbox.engine.install import install

    place = run.folder.resolve() / "bin"
    return install(place)
