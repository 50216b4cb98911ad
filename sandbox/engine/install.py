"""Put the stand-in on PATH, under the name `pulumi`, where no real CLI is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = """#!{python}
# wedcache's stand-in for the Pulumi CLI, for the sandbox only
import os
import sys
from pathlib import Path

sys.path[0] = {root!r}
from sandbox.engine.cli import run

sys.exit(run(sys.argv[1:], os.environ, Path.cwd()))
"""


def install(folder: Path, environ: Mapping[str, str] = os.environ) -> Path | None:
    """Write an executable `pulumi` into `folder` and return its path; None, and nothing written, where PATH has a real
    CLI.
    """
    found = shutil.which("pulumi", path=environ.get("PATH", ""))
    if found is not None and not is_standin(Path(found)):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    script, text = folder / "pulumi", _SCRIPT.format(python=sys.executable, root=str(_ROOT))
    if script.exists() and script.read_text() == text:
        return script
    # Several threads may install at once: each makes a file of its own, and the last rename wins.
    name = f"pulumi.{os.getpid()}-{threading.get_ident()}"
    draft, made = folder / f"{name}.draft", folder / f"{name}.made"
    draft.write_text(text)
    draft.chmod(0o755)
    # Another process writes what will be executed: a fork of ours, by whatever thread, may hold open what we write, and
    # the kernel does not execute a file that somebody writes (ETXTBSY).
    subprocess.run(["cp", "-p", draft, made], check=True)
    made.replace(script)
    draft.unlink()
    return script


def is_standin(command: Path) -> bool:
    """Whether an executable is ours."""
    try:
        with command.open("rb") as file:
            return b"wedcache's stand-in" in file.read(400)
    except OSError:
        return False
