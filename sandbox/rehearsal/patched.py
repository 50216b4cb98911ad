"""A copy of the Pulumi programs with one thing wrong on purpose: the hook missing on one child."""

from __future__ import annotations

import shutil
from pathlib import Path

from sandbox.world import PROJECT

HOOKED = "if not args.custom or not args.type_.startswith(CLOUDS):"
FORGETFUL = 'if not args.custom or not args.type_.startswith(CLOUDS) or args.type_.endswith(":Distribution"):'


class PatchDoesNotFit(Exception):
    """The program has changed: the counter-experiment must be written anew, or it proves nothing."""


def without_a_hook(folder: Path) -> Path:
    """Copy the programs into `folder` and take the freeze hooks off the distribution. Returns the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("infra", "weddings"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "controlplane").symlink_to(PROJECT / "controlplane")
    shutil.copy(PROJECT / "Pulumi.yaml", folder / "Pulumi.yaml")
    hooks = folder / "infra/freeze_hooks.py"
    text = hooks.read_text()
    if HOOKED not in text:
        raise PatchDoesNotFit(f"{hooks.name} no longer says {HOOKED!r}")
    hooks.write_text(text.replace(HOOKED, FORGETFUL))
    return folder
