"""Tokens of one run, made by whoever needs them first, in files that only the owner can read."""

from __future__ import annotations

import os
import secrets

from sandbox.run import Run

CONTENT_EDITOR = "content-editor"
REPLICA = "origin-replica"


def token(run: Run, name: str) -> str:
    """The content of `<name>.token` in the run folder; made in one step, so that two processes agree on it."""
    path = run.folder / f"{name}.token"
    if not path.exists():
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(24))
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text()
