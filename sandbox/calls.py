"""The log of vendor API calls that the emulators received: the outside witness of what was asked of the clouds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call. `at` is the sandbox's calendar time (RFC 3339), `monotonic` orders calls of one machine."""

    service: str
    operation: str
    caller: str
    mutating: bool
    status: int
    at: str
    parameters: dict[str, Any] = field(default_factory=dict)
    answer: dict[str, Any] = field(default_factory=dict)
    monotonic: float = field(default_factory=time.monotonic)


class CallLog:
    """Appends calls to `calls.jsonl`, one write a line, so that several processes can share the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def record(self, call: Call) -> None:
        """Append one call. Secrets must have been removed by the emulator."""
        line = json.dumps(asdict(call), default=str) + "\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode())
        finally:
            os.close(descriptor)

    def read(self) -> Iterator[Call]:
        """All calls recorded so far, oldest first."""
        if not self._path.exists():
            return
        with self._path.open() as lines:
            for line in lines:
                yield Call(**json.loads(line))
