"""G1, G2, G3, G5, G12 with several client processes on one real server; each fault is shown to have happened."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.domain.purge_log import Kind
from sandbox import valkey
from tests.cache.history import violations
from tests.cache.scene import in_loop, until
from tests.cache.switchboard import Switchboard

ROOT = Path(__file__).parents[2]
BLIND = {"blind_after": 1.0, "blind_max": 1.5, "blind_max_erasable": 1.5}


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where peers are forked."""
    path = tmp_path_factory.mktemp("peers") / "socket"
    process = subprocess.Popen([sys.executable, "-m", "tests.cache.peer", str(path)], cwd=ROOT)
    deadline = time.monotonic() + 30
    while not path.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield path
    process.kill()
    process.wait()


class Client:
    """A peer process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.pid = 0

    async def tell(self, do: str, **arguments: Any) -> dict[str, Any]:
        """One command and its answer."""
        self.writer.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        await self.writer.drain()
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await self.reader.readline())
        return answer

    def state(self) -> str:
        """The kernel's letter for it; empty once it is gone."""
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return ""

    async def kill(self) -> None:
        """SIGKILL; returns once it is gone."""
        os.kill(self.pid, signal.SIGKILL)
        await until(lambda: not self.state())


@asynccontextmanager
async def clients(nursery: Path, scope: str, *peers: tuple[str, str, dict[str, Any]]) -> AsyncIterator[list[Client]]:
    """Start peers (URL, name, settings) together, wait until all are ready, end them."""
    started = [Client(*await asyncio.open_unix_connection(nursery, limit=2**24)) for _ in peers]
    try:
        for client, (url, name, settings) in zip(started, peers, strict=True):
            who = {"url": url, "scope": scope, "name": name, "settings": settings}
            client.writer.write(json.dumps(who).encode() + b"\n")
        for client in started:
            client.pid = (await client.answer())["ready"]
        yield started
        for client in started:
            client.writer.write_eof()
            if client.state():
                assert await client.answer() == {"ended": True}
    finally:
        for client in started:
            client.writer.close()
            if client.pid and client.state():
                with suppress(ProcessLookupError):
                    os.kill(client.pid, signal.SIGCONT)
        await asyncio.gather(*(client.writer.wait_closed() for client in started), return_exceptions=True)


@in_loop
async def test_no_process_returns_what_was_purged(nursery: Path, server: valkey.Server, scope: str) -> None:
    """G1, G5: three processes, calendars ten minutes apart and stepping, read, expire and remove; nothing too old."""
    peers = [(server.url, f"p{number}", {"skew": 600.0 * (number - 1)}) for number in range(3)]
    async with clients(nursery, scope, *peers) as started:
        answers = await asyncio.gather(*(peer.tell("churn", seconds=1.5, seed=i) for i, peer in enumerate(started)))
    assert [answer["trace"] for answer in answers if "error" in answer] == []
    events = [event for answer in answers for event in answer["history"]]
    kinds = [event["status"] for event in events if event["do"] == "read"]
    assert violations(events) == []
    assert kinds.count("hit") > 100, "the run must have had hits to judge"
    assert sum(event["do"] == "remove" and event["done"] is not None for event in events) > 3


def test_the_checker_sees_each_kind_of_violation() -> None:
    """A checker that finds nothing in a bad history would prove nothing."""
    removal = {"do": "remove", "key": "k0", "version": 5, "n": 9, "began": 10, "ended": 11, "done": 20}
    read = {"do": "read", "key": "k0", "version": 4, "status": "hit", "applied": 9, "began": 12}
    assert len(violations([removal, read])) == 1
    assert len(violations([removal, {**read, "status": "stale"}])) == 1
    assert violations([{**removal, "do": "expire", "done": None}, {**read, "status": "stale"}]) == []
    assert len(violations([removal, {**read, "applied": 3, "began": 21}])) == 1
    assert violations([removal, {**read, "applied": 3}]) == []
    assert violations([removal, {**read, "version": 5}]) == []
    assert violations([removal, {**read, "key": "k2"}]) == []


def test_the_checker_knows_what_one_purge_says_of_another_key() -> None:
    """A purge of the shared tag demands of the sibling what the sibling's own purge had committed by then."""
    own = {"do": "expire", "key": "k1", "version": 7, "n": 3, "began": 5, "ended": 6, "done": None}
    later = {"do": "expire", "key": "k0", "version": 2, "n": 4, "began": 8, "ended": 9, "done": None}
    read = {"do": "read", "key": "k1", "version": 6, "status": "hit", "applied": 4, "began": 12}
    assert len(violations([own, later, read])) == 1
    assert violations([{**own, "began": 10, "n": 5}, later, read]) == []


@in_loop
async def test_a_purge_reaches_every_process(nursery: Path, server: valkey.Server, scope: str) -> None:
    """G2: whoever purges, with a cache or without, the hit of the other process ends without being asked again."""
    log = RedisPurgeLog(server.url, scope=scope, timeout=5)
    async with clients(nursery, scope, (server.url, "a", {}), (server.url, "b", {})) as (one, other):
        for number in range(20):
            assert (await other.tell("read", key="k0"))["status"] in ("hit", "loaded")
            watching = asyncio.create_task(other.tell("watch", key="k0"))
            await asyncio.sleep(0.005)
            if number % 2:
                await one.tell("remove", key="k0")
            else:
                await log.append(["wedding:w0"], Kind.SOFT)
            assert (await watching)["gone"]
        assert (await other.tell("stats"))["purges_applied"] >= 20
    await log.aclose()


@in_loop
async def test_completion_waits_for_the_paused_and_not_for_the_replaced(
    nursery: Path, server: valkey.Server, scope: str
) -> None:
    """G5: while a member is under SIGSTOP a removal is not complete and the error names it; awake, it confirms. A
    restarted process of the same name confirms in the place of one that was killed."""
    async with clients(nursery, scope, (server.url, "awake", {}), (server.url, "other", {})) as (one, other):
        await other.tell("read", key="k0")
        os.kill(other.pid, signal.SIGSTOP)
        await until(lambda: other.state() == "T")
        answer = await one.tell("remove", key="k0", complete=0.3)
        assert "not confirmed by other" in answer["error"]
        os.kill(other.pid, signal.SIGCONT)
        assert (await one.tell("remove", key="k0", complete=5.0))["done"]
        assert (await other.tell("read", key="k0"))["version"] == 2
        await other.kill()
        async with clients(nursery, scope, (server.url, "other", {})):
            assert (await one.tell("remove", key="k0", complete=5.0))["done"]


@in_loop
async def test_completion_arrives_in_time_without_the_silent(nursery: Path, server: valkey.Server, scope: str) -> None:
    """G3, G5: a member that died or was cut off counts until blind memory has to be silent, then the removal is
    complete; the one that was cut gives no hit by then, and nothing older once it is complete."""
    async with Switchboard(server.port) as board:
        peers = [(server.url, "alive", BLIND), (server.url, "dead", BLIND), (board.url, "cut", BLIND)]
        async with clients(nursery, scope, *peers) as (alive, dead, cut):
            await asyncio.gather(*(peer.tell("read", key="k0") for peer in (dead, cut)))
            await dead.kill()
            await board.cut()
            began = time.monotonic()
            answer = await alive.tell("remove", key="k0", complete=8.0)
            assert answer["done"]
            assert time.monotonic() - began > 0.4, "it must have waited"
            assert not (await cut.tell("stats"))["sees_log"]
            read = await cut.tell("read", key="k0")
            assert "error" in read, "blind beyond its limit it asks its source, which it cannot reach"
            board.connect(server.port)


@in_loop
async def test_one_process_loads_for_all(nursery: Path, server: valkey.Server, scope: str) -> None:
    """G12: four processes with the lock and 10,000 callers of one cold key, of whom nine in ten leave: one load, and
    whoever stayed has its value."""
    peers = [(server.url, f"p{number}", {"lock": True, "one_load_for": 20.0}) for number in range(4)]
    async with clients(nursery, scope, *peers) as started:
        answers = await asyncio.gather(*(peer.tell("crowd", key="k0", callers=2500, slow=0.4) for peer in started))
    assert [answer["values"] for answer in answers] == [["0"]] * 4
    assert sum(answer["cancelled"] for answer in answers) == 9000
    assert valkey.ask(server.port, "HGET", f"db:{scope}", "loads").split()[1] == "1"
    assert sum(answer["elsewhere"] for answer in answers) == 3
