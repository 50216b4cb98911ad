"""`TierLook` on Redis or Valkey: reads only, by redis-py."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from controlplane.adapters.redis.connect import connect, translated
from controlplane.adapters.redis.header import TOMBSTONE, parsed
from controlplane.domain import keys as key_names
from controlplane.domain.purge_log import NOWHERE, Barrier, Position
from controlplane.ports.second_tier import Stored
from controlplane.ports.tier_look import Held


class RedisLook:
    """One scope of one Redis; each question is answered within `timeout` seconds."""

    def __init__(self, url: str, *, scope: str = "main", timeout: float = 2.0) -> None:
        encoded = key_names.encode(scope)
        self._prefix = f"wc:{encoded}:v:"
        self._slot = f"{{wc:{encoded}}}"
        self._timeout = timeout
        self._redis: Any = connect(url, timeout=timeout, text=False, most=2)

    async def held(self, key: str) -> Held:
        """TYPE, then GET and PTTL of what is a string; the time by TIME."""
        name = self._prefix + key_names.encode(key)
        with translated("nothing is known of the key"):
            async with asyncio.timeout(self._timeout):
                kind = (await self._redis.type(name)).decode()
                raw = (await self._redis.get(name)) if kind == "string" else None
                left = await self._redis.pttl(name)
                seconds, micros = await self._time()
        life = left / 1000 if left >= 0 else None
        now = int(seconds) + int(micros) / 1e6
        found = parsed(raw or b"")
        if raw is None or found is None:
            return Held(name, kind, None, is_tombstone=False, life=life, bytes=len(raw or b""), now=now)
        mark, as_of, born, start = found
        stored = Stored(raw[start:], as_of, born)
        return Held(name, kind, stored, is_tombstone=mark == TOMBSTONE, life=life, bytes=len(raw), now=now)

    async def barriers(self, tags: Iterable[str]) -> Sequence[Barrier]:
        """One HMGET."""
        wanted = list(tags)
        with translated("the purges of its tags are not known"):
            async with asyncio.timeout(self._timeout):
                lines = await self._redis.hmget(f"{self._slot}:barriers", wanted) if wanted else []
        found = []
        for tag, line in zip(wanted, lines, strict=True):
            if line is not None:
                soft, hard = line.decode().split(",")[:2]
                found.append(Barrier(tag, int(soft), int(hard)))
        return found

    async def head(self) -> tuple[Position, int]:
        """One HMGET."""
        with translated("the purge log is not known"):
            async with asyncio.timeout(self._timeout):
                epoch, n, base = await self._redis.hmget(f"{self._slot}:head", ["epoch", "n", "base"])
        if epoch is None:
            return NOWHERE, 0
        return Position(epoch.decode(), int(n or 0)), int(base or 0)

    async def aclose(self) -> None:
        """Close the client and its pool."""
        await self._redis.aclose(close_connection_pool=True)

    async def _time(self) -> tuple[int, int]:
        """The server's time; a cluster's client answers one pair for each node, of which any will do."""
        answer = await self._redis.time()
        one: tuple[int, int] = next(iter(answer.values())) if isinstance(answer, dict) else answer
        return one
