"""Outside looks into each tier of a region: through its origin, and into its Redis with a client that has no memory."""

from __future__ import annotations

import asyncio
import http.client
import socket
from typing import Any

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.cache.client import Cache
from controlplane.cache.settings import Settings
from sandbox import certificates
from sandbox.clock import OffsetClock
from sandbox.origin.cached import CacheClock
from sandbox.run import Run


def ask_origin(run: Run, region: str, host: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """GET `path` of `host` from a region's origin itself, past every CDN."""
    name, _, port = run.endpoint(f"origin-{region}").rpartition(":")
    connection = http.client.HTTPConnection(host, timeout=5)
    with socket.create_connection((name, int(port)), timeout=5) as plain:
        connection.sock = certificates.client_context(run).wrap_socket(
            plain, server_hostname=f"{region}.origin.weddings.example"
        )
        try:
            connection.request("GET", path, headers={"Host": host, "User-Agent": "wedcache-probe", **headers})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()


def redis_version(run: Run, region: str, key: str) -> str:
    """The content version that a cache client without memory gets from the region's Redis; `none` for a miss."""
    return asyncio.run(_redis_version(run, region, key))


async def _redis_version(run: Run, region: str, key: str) -> str:
    url = redis_url(run, region)
    cache = Cache(
        Settings(member="rehearsal"),
        log=RedisPurgeLog(url),
        clock=CacheClock(OffsetClock(run.clock)),
        second=RedisTier(url),
    )
    async with cache:
        value: Any = await cache.get(key)
    return str(value["version"]) if value else "none"


def redis_url(run: Run, region: str) -> str:
    """Where a region's primary answers."""
    return f"redis://{run.endpoint(f'valkey-{region}-primary')}/0"
