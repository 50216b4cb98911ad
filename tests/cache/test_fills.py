"""Fills in pipelines on a real server: each its own answer, and a connection always given back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from controlplane.adapters.redis.tier import RedisTier
from controlplane.domain.purge_log import Position
from controlplane.errors import Unavailable
from controlplane.ports.second_tier import Stored
from sandbox import valkey
from tests.cache.scene import in_loop, until

VALUE = Stored(b"v", Position("e", 1), 1.0)
TRIES = 12


def connections(port: int, user: str) -> int:
    """How many connections this user has now."""
    return valkey.ask(port, "CLIENT", "LIST").count(f" user={user} ")


@in_loop
async def test_a_script_that_cannot_be_loaded_keeps_no_connection(tmp_path: Path) -> None:
    """More pipelines than there are connections fail because their script may not be loaded: one connection is enough
    for all of them, a value is stored as soon as it may be, and closing leaves none."""
    words = ["--user", "writer", "on", ">pw", "~*", "+@all", "-script"]
    server = valkey.start(valkey.free_port(), tmp_path, options=tuple(words))
    tier = RedisTier(f"redis://writer:pw@127.0.0.1:{server.port}/0", write_timeout=5.0, read_timeout=5.0)
    try:
        for _ in range(TRIES):
            with pytest.raises(Unavailable, match="NoPermission"):
                await tier.fill("k", VALUE, 60.0)
        assert connections(server.port, "writer") == 1
        valkey.ask(server.port, "ACL", "SETUSER", "writer", "+script")
        assert await tier.fill("k", VALUE, 60.0)
        assert tier.stats.failed == TRIES
        await tier.aclose()
        await until(lambda: not connections(server.port, "writer"))
    finally:
        await tier.aclose()
        server.stop()


@in_loop
async def test_fills_of_one_moment_get_each_its_own_answer(server: valkey.Server, scope: str) -> None:
    """Of 200 at once every second one is older than what is there: those are refused, the others taken."""
    tier = RedisTier(server.url, scope=scope, write_timeout=5.0, read_timeout=5.0)
    older, newer = (Stored(b"v", Position("e", n), 1.0) for n in (1, 9))
    await asyncio.gather(*(tier.fill(f"k{number}", newer, 60.0) for number in range(1, 200, 2)))
    taken = await asyncio.gather(*(tier.fill(f"k{number}", older, 60.0) for number in range(200)))
    assert taken == [number % 2 == 0 for number in range(200)]
    await tier.aclose()
