"""`OwnersUpdates` on Redis: one hash, without a TTL."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from controlplane.adapters.redis.connect import connect, translated

NAME = "wc:updates"


class RedisOwnersUpdates:
    """Updates in one region's Redis. Every call ends within `timeout` seconds."""

    def __init__(self, url: str, *, timeout: float = 0.5) -> None:
        self._timeout = timeout
        self._redis: Any = connect(url, timeout=timeout, text=True, most=2)

    async def tell(self, identity: str, text: str) -> None:
        """HSET."""
        with translated(f"update {identity} is not confirmed"):
            async with asyncio.timeout(self._timeout):
                await self._redis.hset(NAME, identity, text)

    async def waiting(self) -> Mapping[str, str]:
        """HGETALL."""
        with translated("owners' updates were not read"):
            async with asyncio.timeout(self._timeout):
                found: Mapping[str, str] = await self._redis.hgetall(NAME)
        return found

    async def taken(self, identity: str) -> None:
        """HDEL."""
        with translated(f"update {identity} is not known to be forgotten"):
            async with asyncio.timeout(self._timeout):
                await self._redis.hdel(NAME, identity)

    async def aclose(self) -> None:
        """Close the client and its pool; never raises."""
        await self._redis.aclose(close_connection_pool=True)
