"""The guests' diary, `guests.jsonl`: one line a request, written as soon as its outcome is known."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from pathlib import Path

from sandbox.guests.connection import Reply
from sandbox.guests.habits import Ask, Class


class Diary:
    """Appends lines and keeps the totals."""

    def __init__(self, path: Path) -> None:
        self.totals: Counter[str] = Counter(requests=0, failed=0, acknowledged=0)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._descriptor)

    def note(
        self, guest: int, pop: str, ask: Ask, started: float, reply: Reply | None, error: str, attempt: int
    ) -> str:
        """One request's outcome; gives the acknowledged write id ("" for none). `started` is monotonic."""
        got = reply.headers if reply else {}
        write_id, held = _acknowledged(ask, reply)
        line = {
            "monotonic": started,
            "ms": round((time.monotonic() - started) * 1000, 3),
            "guest": guest,
            "pop": pop,
            "host": ask.host,
            "method": ask.method,
            "path": ask.path,
            "class": ask.kind.value,
            "status": reply.status if reply else 0,
            "cache": got.get("x-cache") or got.get("cf-cache-status") or "",
            "age": int(got["age"]) if got.get("age", "").isdecimal() else None,
            "body": hashlib.sha256(reply.body).hexdigest()[:16] if reply else "",
            "bytes": len(reply.body) if reply else 0,
            "version": got.get("x-wedcache-version", ""),
            "region": got.get("x-wedcache-region", ""),
            "error": error,
            "attempt": attempt,
            "key": ask.key,
            "write_id": write_id,
            "held": held,
        }
        os.write(self._descriptor, (json.dumps(line) + "\n").encode())
        self._count(ask, reply, write_id)
        return write_id

    def _count(self, ask: Ask, reply: Reply | None, write_id: str) -> None:
        failed = reply is None or reply.status >= 500
        self.totals.update(requests=1, failed=int(failed), acknowledged=int(bool(write_id)))
        self.totals.update({ask.kind.value: 1, f"{ask.kind.value}_failed": int(failed)})


def _acknowledged(ask: Ask, reply: Reply | None) -> tuple[str, int]:
    if ask.kind is not Class.WRITE or reply is None or reply.status not in (200, 201):
        return "", 0
    try:
        said = json.loads(reply.body)
        return str(said["write_id"]), int(said["held"])
    except (ValueError, KeyError, TypeError):
        return "", 0
