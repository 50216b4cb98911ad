"""`SecondTier` on Redis or Valkey: reads through the lane, guarded writes through redis-py.

A value is `E1 <epoch> <n> <born ms>\\n<payload>`, a tombstone `T1 <epoch> <n> <born ms>\\n`; the header orders writes
inside the script, so that a late fill never replaces a newer value and never a tombstone of something removed after it
began.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from controlplane.adapters.redis import address
from controlplane.adapters.redis.connect import connect, script, translated
from controlplane.adapters.redis.lane import Lane
from controlplane.domain import keys as key_names
from controlplane.domain.purge_log import Position
from controlplane.ports.second_tier import Stored

_HEADER = re.compile(rb"([ET])1 (\S{1,64}) (\d{1,18}) (\d{1,18})\n")


@dataclass(slots=True)
class TierStats:
    """Plain counters. `refused`: fills older than what was there; `foreign`: bytes that are not ours."""

    fills: int = 0
    refused: int = 0
    failed: int = 0
    foreign: int = 0


class RedisTier:
    """Values of one scope. `read_timeout` bounds a read, `write_timeout` a fill, in seconds."""

    def __init__(
        self, url: str, *, scope: str = "main", read_timeout: float = 0.1, write_timeout: float = 0.25
    ) -> None:
        self.stats = TierStats()
        self.lane = Lane(address.parse(url), timeout=read_timeout)
        self._prefix = f"wc:{key_names.encode(scope)}:v:"
        self._write_timeout = write_timeout
        self._redis: Any = connect(url, timeout=write_timeout, text=False, most=8)
        self._fill = self._redis.register_script(script("fill"))

    async def open(self) -> None:
        """Bring the lane up, for at most the read time limit."""
        await self.lane.open()

    def name(self, key: str) -> str:
        """The Redis key of `key`, for tools that look inside."""
        return self._prefix + key_names.encode(key)

    async def fetch(self, key: str) -> Stored | None:
        """One GET on the lane."""
        raw = await self.lane.get(self.name(key))
        if raw is None:
            return None
        header = _HEADER.match(raw)
        if header is None:
            self.stats.foreign += 1
            return None
        if header[1] == b"T":
            return None
        position = Position(header[2].decode("ascii", "replace"), int(header[3]))
        return Stored(raw[header.end() :], position, int(header[4]) / 1000)

    async def fill(self, key: str, stored: Stored, life: float) -> bool:
        """One guarded SET."""
        arguments: list[bytes | str | int] = [
            stored.as_of.epoch,
            stored.as_of.n,
            int(stored.born * 1000),
            max(1, int(life * 1000)),
            stored.payload,
        ]
        try:
            async with asyncio.timeout(self._write_timeout):
                taken = await self._fill(keys=[self.name(key)], args=arguments)
        except (RedisError, OSError, TimeoutError):
            self.stats.failed += 1
            return False
        self.stats.fills += 1
        if not int(taken):
            self.stats.refused += 1
        return bool(int(taken))

    async def bury(self, keys: Iterable[str], at: Position, born: float, seconds: float) -> None:
        """One SET per key, in one pipeline; newer than everything that its own purge number covers."""
        stone = f"T1 {at.epoch} {at.n} {int(born * 1000)}\n".encode()
        with translated("the removed keys have no tombstones (their barrier holds)"):
            async with asyncio.timeout(self._write_timeout):
                pipe = self._redis.pipeline(transaction=False)
                for key in keys:
                    pipe.set(self.name(key), stone, px=max(1, int(seconds * 1000)))
                await pipe.execute()

    async def aclose(self) -> None:
        """Close the lane and the client."""
        await self.lane.aclose()
        await self._redis.aclose(close_connection_pool=True)
