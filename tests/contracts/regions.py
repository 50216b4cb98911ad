"""The contract suites' two worlds: fakes in memory, and adapters against one real Valkey server."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from controlplane.adapters.redis.control import RedisControlKeys
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.ports.control_keys import ControlKeys
from controlplane.ports.purge_log import PurgeLog
from controlplane.ports.second_tier import SecondTier
from sandbox import valkey
from tests.cache.fakes import FakeControlKeys, FakePurgeLog, FakeTier

WORLDS = ("fake", "valkey")


@contextmanager
def running(world: str, folder: Path) -> Iterator[str]:
    """The URL of a server for the world that needs one."""
    if world == "fake":
        yield ""
        return
    server = valkey.start(valkey.free_port(), folder)
    try:
        yield server.url
    finally:
        server.stop()


@asynccontextmanager
async def purge_log(url: str) -> AsyncIterator[PurgeLog]:
    """An empty purge log."""
    log: PurgeLog = RedisPurgeLog(url, scope=secrets.token_hex(4), timeout=5) if url else FakePurgeLog()
    try:
        yield log
    finally:
        await log.aclose()


@asynccontextmanager
async def second_tier(url: str) -> AsyncIterator[SecondTier]:
    """An empty, open second tier."""
    tier: SecondTier = (
        RedisTier(url, scope=secrets.token_hex(4), read_timeout=5, write_timeout=5) if url else FakeTier()
    )
    await tier.open()
    try:
        yield tier
    finally:
        await tier.aclose()


@asynccontextmanager
async def control_keys(url: str) -> AsyncIterator[ControlKeys]:
    """Control keys; each test uses a name of its own."""
    if not url:
        yield FakeControlKeys()
        return
    keys = RedisControlKeys(url, timeout=10.0)
    try:
        yield keys
    finally:
        await keys.aclose()
