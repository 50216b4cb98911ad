"""`ControlKeys` on Redis: one hash per document, written by one script, without a TTL."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from controlplane.adapters.redis.connect import connect, script, translated
from controlplane.errors import Refused
from controlplane.ports.control_keys import Document


class RedisControlKeys:
    """Documents in one region's Redis. Every call ends within `timeout` seconds."""

    def __init__(self, url: str, *, timeout: float = 0.5) -> None:
        self._timeout = timeout
        self._redis: Any = connect(url, timeout=timeout, text=True, most=4)
        self._put = self._redis.register_script(script("put"))

    async def get(self, name: str) -> Document | None:
        """HMGET; epoch and body are of the same write."""
        with translated(f"{name} was not read"):
            async with asyncio.timeout(self._timeout):
                epoch, body = await self._redis.hmget(name, "epoch", "body")
        if epoch is None or body is None:
            return None
        return Document(int(epoch), json.loads(body))

    async def put(self, name: str, document: Document) -> None:
        """Compare and set by the epoch, in one script."""
        body = json.dumps(document.body, sort_keys=True, separators=(",", ":"))
        with translated(f"{name} with epoch {document.epoch} is not confirmed"):
            async with asyncio.timeout(self._timeout):
                stored, epoch = await self._put(keys=[name], args=[document.epoch, body])
        if not int(stored):
            raise Refused(
                f"{name} is at epoch {epoch}; epoch {document.epoch} is late and was refused, nothing was changed",
                next_step="Read the document again and decide anew with a higher epoch.",
            )

    async def aclose(self) -> None:
        """Close the client and its pool; never raises."""
        await self._redis.aclose(close_connection_pool=True)
