"""The origin's access log: one JSON line a request, the outside witness of what reached it and what it read."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.faults import Faults
from sandbox.origin.database import TALLY, Tally

SLOW_SECONDS = 3.0
CACHE_STATUS = web.RequestKey("cache_status", str)


class AccessLog:
    """Appends to `origin-<region>.jsonl`, one write a line."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._descriptor)

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count the request's database reads and log it, whatever becomes of it."""
        started, tally, status = time.monotonic(), Tally(), 499
        TALLY.set(tally)
        try:
            response = await handler(request)
            status = response.status
            return response
        except web.HTTPException as stop:
            status = stop.status
            raise
        finally:
            self._write(request, started, status, tally.reads)

    def _write(self, request: web.Request, started: float, status: int, reads: int) -> None:
        line = {
            "monotonic": started,
            "host": request.host,
            "method": request.method,
            "path": request.path_qs,
            "status": status,
            "ms": round((time.monotonic() - started) * 1000, 3),
            "database_reads": reads,
            "cache": request.get(CACHE_STATUS, "-"),
            "user_agent": request.headers.get("User-Agent", ""),
            "freeze": request.headers.get("x-wedcache-freeze"),
        }
        os.write(self._descriptor, (json.dumps(line) + "\n").encode())


class Slowness:
    """The fault `origin-slow`: every answer comes 3 seconds late, the witness's excepted."""

    def __init__(self, faults: Faults, region: str) -> None:
        self._faults = faults
        self._region = region

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Wait while the fault is active, then answer."""
        if self._faults.active("origin-slow", self._region) and not request.path.startswith("/_sandbox/"):
            await asyncio.sleep(SLOW_SECONDS)
        return await handler(request)
