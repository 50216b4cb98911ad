"""G1, G2, G5 with several client processes on one real server; each pause and kill is shown to have happened."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.domain.purge_log import Kind
from sandbox import valkey
from tests.cache.history import violations
from tests.cache.scene import in_loop, until

ROOT = Path(__file__).parents[2]


class Client:
    """A peer process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def tell(self, do: str, **arguments: Any) -> dict[str, Any]:
        """One command and its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        await self.process.stdin.drain()
        return await self.answer()

    async def answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        answer: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return answer

    def state(self) -> str:
        """The kernel's letter for it."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0]


@asynccontextmanager
async def client(url: str, scope: str, name: str, **settings: Any) -> AsyncIterator[Client]:
    """Start a peer, wait until it is ready, end it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.cache.peer", url, scope, name, json.dumps(settings)),
        cwd=ROOT,
        limit=2**24,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    peer = Client(process)
    try:
        assert await peer.answer() == {"ready": True}
        yield peer
        if process.returncode is None and process.stdin is not None:
            process.stdin.close()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@in_loop
async def test_no_process_returns_what_was_purged(server: valkey.Server, scope: str) -> None:
    """G1, G5: three processes, calendars ten minutes apart, read, expire and remove; no answer is too old."""
    async with AsyncExitStack() as stack:
        peers = [
            await stack.enter_async_context(client(server.url, scope, f"p{i}", skew=600.0 * (i - 1))) for i in range(3)
        ]
        answers = await asyncio.gather(*(peer.tell("churn", seconds=2.0, seed=i) for i, peer in enumerate(peers)))
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


@in_loop
async def test_a_purge_reaches_every_process(server: valkey.Server, scope: str) -> None:
    """G2: whoever purges, with a cache or without, the hit of the other process ends without being asked again."""
    log = RedisPurgeLog(server.url, scope=scope)
    async with client(server.url, scope, "a") as one, client(server.url, scope, "b") as other:
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
async def test_completion_waits_for_a_paused_process(server: valkey.Server, scope: str) -> None:
    """G5: while a member is under SIGSTOP a removal is not complete and the error names it; awake, it confirms."""
    async with client(server.url, scope, "awake") as one, client(server.url, scope, "paused") as other:
        await other.tell("read", key="k0")
        other.process.send_signal(signal.SIGSTOP)
        await until(lambda: other.state() == "T")
        answer = await one.tell("remove", key="k0", complete=0.3)
        assert "not confirmed by paused" in answer["error"]
        other.process.send_signal(signal.SIGCONT)
        assert (await one.tell("remove", key="k0", complete=5.0))["done"]
        assert (await other.tell("read", key="k0"))["version"] == 2


@in_loop
async def test_completion_arrives_in_time_without_a_killed_process(server: valkey.Server, scope: str) -> None:
    """G5: a member that died counts until blind memory would have to be silent, then the removal is complete."""
    blind = {"blind_max": 3.0, "blind_max_erasable": 3.0}
    async with client(server.url, scope, "alive", **blind) as one:
        async with client(server.url, scope, "dead", **blind) as other:
            await other.tell("read", key="k0")
            other.process.kill()
            assert await other.process.wait() == -signal.SIGKILL
        began = time.monotonic()
        assert (await one.tell("remove", key="k0", complete=8.0))["done"]
        assert time.monotonic() - began > 1.0


@in_loop
async def test_a_restarted_process_of_the_same_name_takes_over(server: valkey.Server, scope: str) -> None:
    """G5: with stable member names nobody waits for the dead: the successor confirms in their place."""
    async with client(server.url, scope, "alive") as one:
        async with client(server.url, scope, "origin") as first:
            first.process.kill()
            await first.process.wait()
        async with client(server.url, scope, "origin"):
            assert (await one.tell("remove", key="k0", complete=5.0))["done"]
