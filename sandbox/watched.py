"""A small JSON file that many processes read and few write: parsed again only when it has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sandbox.run import read_json


class WatchedJson:
    """The object in `path`, re-read when the file's identity, time or size changes; {} while it does not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._value: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """The newest value; one `stat` when nothing changed."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._seen, self._value = None, {}
            return self._value
        seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if seen != self._seen:
            self._value = read_json(self._path)
            self._seen = seen
        return self._value
