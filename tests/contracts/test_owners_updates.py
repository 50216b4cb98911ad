"""What a region's list of owners' updates promises, on the fake and on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from controlplane.adapters.redis.owners_updates import RedisOwnersUpdates
from controlplane.errors import Unavailable
from controlplane.ports.owners_updates import OwnersUpdates
from sandbox import valkey
from tests.cache.scene import in_loop
from tests.contracts import regions
from tests.fakes.owners_updates import FakeOwnersUpdates


@pytest.fixture(params=regions.WORLDS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Each world in turn, empty."""
    with regions.running(request.param, tmp_path_factory.mktemp("updates")) as address:
        yield address


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[OwnersUpdates]:
    """The list of that world."""
    if not url:
        yield FakeOwnersUpdates()
        return
    updates = RedisOwnersUpdates(url, timeout=5)
    try:
        yield updates
    finally:
        await updates.aclose()


@in_loop
async def test_an_update_waits_until_it_was_taken(url: str) -> None:
    """Nothing at first; told twice it is there once; taken twice it is gone, and the other one is not."""
    async with opened(url) as updates:
        assert await updates.waiting() == {}
        for _ in range(2):
            await updates.tell("u1", '{"id": "u1"}')
        await updates.tell("u2", "Sch\u00e4fers")
        assert await updates.waiting() == {"u1": '{"id": "u1"}', "u2": "Sch\u00e4fers"}
        for _ in range(2):
            await updates.taken("u1")
        assert await updates.waiting() == {"u2": "Sch\u00e4fers"}


@in_loop
async def test_a_server_that_is_away_is_unavailable() -> None:
    """Every call says so soon, and says what is not known."""
    updates = RedisOwnersUpdates(f"redis://127.0.0.1:{valkey.free_port()}")
    for call in (updates.tell("u1", "x"), updates.waiting(), updates.taken("u1")):
        with pytest.raises(Unavailable, match="Redis did not answer"):
            await call
    await updates.aclose()
