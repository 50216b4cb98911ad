"""Put the stand-in on PATH, under the name `pulumi`, where no real CLI is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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
    script, draft = folder / "pulumi", folder / "pulumi.draft"
    draft.write_text(_SCRIPT.format(python=sys.executable, root=str(Path(__file__).resolve().parents[2])))
    draft.chmod(0o755)
    script.unlink(missing_ok=True)
    # Another process writes what will be executed: a fork of ours, by whatever thread, may hold open what we write, and
    # the kernel does not execute a file that somebody writes (ETXTBSY).
    subprocess.run(["cp", "-p", draft, script], check=True)
    draft.unlink()
    return script


def is_standin(command: Path) -> bool:
    """Whether an executable is ours."""
    try:
        with command.open("rb") as file:
            return b"wedcache's stand-in" in file.read(400)
    except OSError:
        return False
