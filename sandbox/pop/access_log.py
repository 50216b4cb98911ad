"""One JSON line per request that a POP served: the outside witness of what guests got. No cookies, no authorization."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from sandbox.pop.messages import Request
from sandbox.pop.viewer import Served


class AccessLog:
    """Appends to `pop-<CODE>.jsonl`, one write a line. `clock` returns calendar seconds."""

    def __init__(self, path: Path, pop: str, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._pop = pop
        self._clock = clock

    def record(self, request: Request, served: Served, began: float) -> None:
        """Write what was served; `began` is the monotonic instant at which the request had arrived."""
        done = time.monotonic()
        line = {
            "monotonic": round(done, 6),
            "at": round(self._clock(), 3),
            "pop": self._pop,
            "host": request.host,
            "method": request.method,
            "path": request.path,
            "status": served.response.status,
            "cache": served.cache,
            "age": served.age,
            "key": served.key,
            "origin": served.origin,
            "origin_ms": served.origin_ms,
            "total_ms": round((done - began) * 1000, 3),
            "bytes": len(served.response.body),
            "user_agent": request.headers.get("user-agent"),
            "guest": request.headers.get("x-wedcache-guest"),
            "function": served.function,
            "reason": served.reason,
        }
        os.write(self._descriptor, (json.dumps(line) + "\n").encode())

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)
