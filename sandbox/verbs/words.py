"""What the verbs have in common: how they refuse, how they print, and when a sandbox counts as up."""

from __future__ import annotations

import errno
import json
import shutil
import sys
from collections.abc import Mapping
from typing import Any

from sandbox import processes
from sandbox.run import Run

FULL_BYTES = 1_000_000
STAYS = "stays"
"""Registry key: an `up --detach` was finished, so what lives is meant to live."""


class CannotDo(Exception):
    """The verb was not done. `next_step` is what to type; `code` what the command ends with (2: wrong words)."""

    def __init__(self, message: str, next_step: str = "", code: int = 1) -> None:
        super().__init__(message)
        self.next_step = next_step
        self.code = code


def wrong_words(message: str, next_step: str = "") -> CannotDo:
    """What was typed cannot be used; nothing was changed."""
    return CannotDo(f"{message}; nothing was changed", next_step, code=2)


def require_up(run: Run) -> dict[str, int]:
    """Name -> pid of the sandbox's living processes. Raises CannotDo where there is none."""
    living = processes.alive(run)
    if not living:
        raise CannotDo(f"no sandbox is up in {run.folder}", "make sandbox")
    return living


def is_disk_full(run: Run, error: BaseException) -> bool:
    """Whether an error, or the state of the disk under the run folder, says that no space is left."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    place = next((one for one in (run.folder, *run.folder.resolve().parents) if one.exists()), run.folder)
    try:
        return shutil.disk_usage(place).free < FULL_BYTES
    except OSError:
        return False


def talk(line: str) -> None:
    """Standard error: for people who wait."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def told(message: str, next_step: str, code: int) -> int:
    """Say why a verb was not done and what to do next; gives `code` back."""
    talk(message)
    if next_step:
        talk(f"next: {next_step}")
    return code


def show(*lines: str) -> None:
    """Standard output: data for people."""
    sys.stdout.write("\n".join(lines) + "\n" if lines else "")
    sys.stdout.flush()


def show_json(schema: str, value: Mapping[str, Any]) -> None:
    """Standard output: one object, its schema first."""
    sys.stdout.write(json.dumps({"schema": schema, **value}, indent=1) + "\n")
    sys.stdout.flush()
