"""`LoadLock` on Redis or Valkey: SET NX PX with a token, given back by a script that compares it.

The pattern and its limits: https://valkey.io/commands/set/ ("a simple locking system"). Locks have a TTL, so under
`volatile-*` eviction one may go early; then two processes load.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
from typing import Any

from redis.exceptions import RedisError

from controlplane.adapters.redis.connect import connect, script
from controlplane.domain import keys as key_names

_SILENCE = 1.0


class RedisLoadLock:
    """Locks of one scope. Every call ends within `timeout` seconds."""

    def __init__(self, url: str, *, scope: str = "main", timeout: float = 0.1) -> None:
        self._again = functools.partial(RedisLoadLock, url, scope=scope, timeout=timeout)
        self._prefix = f"wc:{key_names.encode(scope)}:l:"
        self._timeout = timeout
        self._silent_until = 0.0
        self._redis: Any = connect(url, timeout=timeout, text=True, most=8)
        self._release = self._redis.register_script(script("release"))

    def renewed(self) -> RedisLoadLock:
        """The same locks over connections of their own."""
        return self._again()

    async def take(self, key: str, seconds: float) -> str | None:
        """One SET; a failure is a token, and so is every answer in the second after it."""
        token = secrets.token_hex(8)
        now = asyncio.get_running_loop().time()
        if now < self._silent_until:
            return token
        try:
            async with asyncio.timeout(self._timeout):
                taken = await self._redis.set(self._name(key), token, nx=True, px=max(1, int(seconds * 1000)))
        except (RedisError, OSError, TimeoutError):
            self._silent_until = now + _SILENCE
            return token
        return token if taken else None

    async def release(self, key: str, token: str) -> None:
        """One script; what cannot be given back ends by itself."""
        if asyncio.get_running_loop().time() < self._silent_until:
            return
        try:
            async with asyncio.timeout(self._timeout):
                await self._release(keys=[self._name(key)], args=[token])
        except (RedisError, OSError, TimeoutError):
            return

    async def aclose(self) -> None:
        """Close the client and its pool."""
        await self._redis.aclose(close_connection_pool=True)

    def _name(self, key: str) -> str:
        """The Redis key of a lock."""
        return self._prefix + key_names.encode(key)
