"""What was taken down stays gone when a real Redis comes back from a snapshot of before: no list, no purge."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from controlplane.adapters.redis.control import RedisControlKeys
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.agent.denying import push_denials
from controlplane.agent.world import Seen, Tools
from controlplane.cache.load import Load
from controlplane.domain.takedown import TAKEDOWNS_KEY, Entry, Register, Taken
from controlplane.domain.tier import Tier
from controlplane.errors import Unavailable
from controlplane.ports.control_keys import DENIED
from sandbox import valkey
from sandbox.clock import OffsetClock
from sandbox.origin.cached import CachedReads
from tests.cache.scene import in_loop, until
from tests.fakes.inventory import HOME
from tests.operations.agent_scene import Scene

TAG, KEY, HOST, PATH = "photo:como.3", "wedding:como:photo:3:640", "como.weddings.example", "/photos/3-640.jpg"
TAKEN = Taken(paths=((HOST, "/photos/3-*"),), tags=(TAG,), purge=(TAG,))
REGISTER = Register(epoch=1, entries={TAG: Entry(taken=TAKEN, at="2027-06-12T10:00:00Z", by="laptop", operation="t")})


class Origin:
    """A region's origin: what it reads, and how often it had to ask its database."""

    def __init__(self, reads: CachedReads) -> None:
        self.reads, self.loads = reads, 0

    async def read(self) -> Any:
        """The photo, as a guest's request reads it."""

        async def load(_: Load) -> dict[str, Any]:
            self.loads += 1
            return {"body": f"load {self.loads}"}

        return (await self.reads.read(KEY, load, tier=Tier.LOW, tags=[TAG])).value


@asynccontextmanager
async def origin(server: valkey.Server, folder: Path, name: str) -> AsyncIterator[Origin]:
    """An origin process's reads, begun anew."""
    reads = CachedReads(server.url, name, OffsetClock(folder / "clock"), folder / f"owed-{name}")
    await reads.open()
    try:
        yield Origin(reads)
    finally:
        await reads.close()


async def until_pushed(tools: Tools, seen: Seen) -> None:
    """An agent's beats: those that meet a broken connection are repeated."""
    for _ in range(50):
        try:
            return await push_denials(tools, seen)
        except Unavailable:
            await asyncio.sleep(0.1)
    raise AssertionError("Redis did not come back")


def held(server: valkey.Server) -> bool:
    """Whether this Redis holds the photo's entry."""
    return KEY in valkey.ask(server.port, "KEYS", "wc:*v:*")


@in_loop
async def test_a_redis_from_an_old_snapshot_gives_nothing_back(tmp_path: Path) -> None:
    """The origin that lived on, and one that begins anew, both deny it; neither is given the old copy by its cache."""
    server = valkey.start(valkey.free_port(), tmp_path / "redis")
    keys, log = RedisControlKeys(server.url, timeout=5), RedisPurgeLog(server.url, timeout=5)
    try:
        scene, seen = Scene(), Seen()
        tools: Tools = scene.tools(HOME)
        tools.keys, tools.purges = keys, log
        async with origin(server, tmp_path, "old") as old:
            assert await old.read() == {"body": "load 1"}
            await until(lambda: held(server))
            valkey.ask(server.port, "SAVE", timeout=10)
            shutil.copy(tmp_path / "redis" / "dump.rdb", tmp_path / "before.rdb")

            scene.store.registers[TAKEDOWNS_KEY] = REGISTER.to_json()
            await push_denials(tools, seen)
            await old.reads.refresh_denied()
            assert old.reads.denies(HOST, PATH, ()) == TAG
            assert old.reads.denies(HOST, "/", (TAG,)) == TAG
            assert old.reads.denies(HOST, "/", ()) is None

            server.stop()
            shutil.copy(tmp_path / "before.rdb", tmp_path / "redis" / "dump.rdb")
            server = valkey.start(server.port, tmp_path / "redis")
            assert held(server), "the fault must have fired: the copy is back"
            assert not valkey.ask(server.port, "EXISTS", DENIED).startswith(":1"), "and the list is forgotten there"
            await old.reads.refresh_denied()
            assert old.reads.denies(HOST, PATH, ()) == TAG, "an origin never forgets what was denied"

            assert TAG not in valkey.ask(server.port, "HKEYS", "{wc:main}:barriers"), "and so is the purge"
            await until_pushed(tools, seen)
            assert TAG in valkey.ask(server.port, "HKEYS", "{wc:main}:barriers")
            async with origin(server, tmp_path, "new") as new:
                assert new.reads.denies(HOST, PATH, ()) == TAG
                assert await new.read() == {"body": "load 1"}
                assert new.loads == 1, "the copy of the snapshot is never served"
    finally:
        await keys.aclose()
        await log.aclose()
        server.stop()
