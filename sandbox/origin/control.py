"""The role document in the region's own Redis, read with a time-out so short that a stopped server holds up nobody."""

from __future__ import annotations

from controlplane.adapters.redis.control import RedisControlKeys
from controlplane.errors import Unavailable
from controlplane.ports.control_keys import REGION
from sandbox.origin.role import Role, parse
from sandbox.run import Run
from sandbox.watched import WatchedJson

TIMEOUT = 0.1


class RoleDocument:
    """Reads `wc:region`; None while Redis does not answer or nothing was written yet."""

    def __init__(self, run: Run, region: str) -> None:
        self._registry = WatchedJson(run.registry)
        self._name = f"valkey-{region}-primary"
        self._url = ""
        self._keys: RedisControlKeys | None = None

    async def read(self) -> Role | None:
        """At most 100 ms; never raises for a fault of Redis or a damaged document."""
        url = redis_url(str(self._registry.read().get("endpoints", {}).get(self._name, "")))
        if url != self._url:
            await self.close()
            self._url, self._keys = url, RedisControlKeys(url, timeout=TIMEOUT) if url else None
        if self._keys is None:
            return None
        try:
            return parse(await self._keys.get(REGION))
        except (Unavailable, ValueError):
            return None

    async def close(self) -> None:
        """Drop the connection."""
        if self._keys is not None:
            await self._keys.aclose()
            self._keys = None


def redis_url(endpoint: str) -> str:
    """The URL of "host:port" or of a URL; "" of nothing."""
    return endpoint if "://" in endpoint or not endpoint else f"redis://{endpoint}"
