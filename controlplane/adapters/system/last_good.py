"""The last good copies that the control plane keeps on this machine, and how old they are."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Copy:
    """A kept text and its age in seconds; `fresh` when it was read from the shared store just now."""

    text: str
    age: float
    fresh: bool


class LastGood:
    """Files under the profile's state folder; each is replaced whole, mode 0600."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, text: str) -> Copy:
        """Keep `text` as the newest copy of `name`."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        fresh.write_text(text)
        fresh.chmod(0o600)
        fresh.replace(path)
        return Copy(text, 0.0, fresh=True)

    def read(self, name: str) -> Copy | None:
        """The newest copy of `name` on this machine; None if there is none."""
        path = self._folder / name
        try:
            return Copy(path.read_text(), max(0.0, time.time() - path.stat().st_mtime), fresh=False)
        except FileNotFoundError:
            return None
