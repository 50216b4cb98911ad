"""The role document in the region's own Redis, read with time-outs so short that a stopped server holds up nobody."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from sandbox.origin.role import ROLE_KEY, Role, parse
from sandbox.run import Run
from sandbox.watched import WatchedJson

TIMEOUT = 0.1


class RoleDocument:
    """Reads `wc:region`; None while Redis does not answer or nothing was written yet."""

    def __init__(self, run: Run, region: str) -> None:
        self._registry = WatchedJson(run.registry)
        self._name = f"valkey-{region}-primary"
        self._endpoint = ""
        self._client: Redis | None = None

    async def read(self) -> Role | None:
        """One GET, at most 100 ms for connecting and 100 ms for the answer; never raises for a fault of Redis."""
        endpoint = str(self._registry.read().get("endpoints", {}).get(self._name, ""))
        if endpoint != self._endpoint:
            await self.close()
            self._endpoint, self._client = endpoint, _client(endpoint) if endpoint else None
        if self._client is None:
            return None
        try:
            return parse(await self._client.get(ROLE_KEY))
        except (RedisError, OSError, TimeoutError):
            return None

    async def close(self) -> None:
        """Drop the connection."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None


def _client(endpoint: str) -> Redis:
    host, _, port = endpoint.rpartition("//")[2].partition("/")[0].rpartition(":")
    return Redis(
        host=host,
        port=int(port),
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        max_connections=2,
    )
