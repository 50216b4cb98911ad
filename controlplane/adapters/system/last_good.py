"""The last good copies that the control plane keeps on this machine, and how old they are."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from controlplane.errors import Unavailable
from controlplane.ports.shared_store import SharedStore


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
        """Keep `text` as the newest copy of `name`; a disk that takes nothing is no reason not to go on."""
        path = self._folder / name
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(text)
            fresh.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        return Copy(text, 0.0, fresh=True)

    def read(self, name: str) -> Copy | None:
        """The newest copy of `name` on this machine; None if there is none that can be read."""
        path = self._folder / name
        try:
            return Copy(path.read_text(), max(0.0, time.time() - path.stat().st_mtime), fresh=False)
        except (OSError, UnicodeDecodeError):
            return None

    def forget(self, name: str) -> None:
        """Drop the copy of something that no longer exists."""
        with contextlib.suppress(OSError):
            (self._folder / name).unlink(missing_ok=True)

    def following(
        self, store: SharedStore, key: str, read: Callable[[str], object], *, may_go: bool = True
    ) -> Copy | None:
        """An object of the store that `read` understands, else the last good copy; None if there is neither.

        What cannot be understood (`read` raises ValueError) never replaces a good copy, and it is said. An object that
        the store answers not to have is gone; with `may_go` False it is not: somebody deleted what still runs.
        """
        try:
            text = store.get(key)
            if text is None and may_go:
                self.forget(key)
                return None
        except Unavailable:
            text = None
        for copy in (None if text is None else Copy(text, 0.0, fresh=True), self.read(key)):
            if copy is None:
                continue
            try:
                read(copy.text)
            except ValueError as error:
                said = str(error).splitlines()[0]
                where = "the shared store" if copy.fresh else "this machine's copy"
                print(f"{key} of {where} cannot be read: {said}", file=sys.stderr)  # noqa: T201  (talk)
                continue
            return self.keep(key, copy.text) if copy.fresh else copy
        return None
