"""Processes of their own with a cache each, told what to do by lines of JSON over a socket, answering there.

`python -m tests.cache.peer PATH` forks one for each connection. Their database is a hash in the same server;
CLOCK_MONOTONIC is shared by all processes of the machine, so the times that they tell can be compared.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sys
import time
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from controlplane.adapters.redis.connect import connect
from controlplane.adapters.redis.lock import RedisLoadLock
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.cache import Cache, Load, Settings
from controlplane.domain.tier import Tier
from tests.cache.scene import until

KEYS = ["k0", "k1", "k2", "k3"]


def tag_of(key: str) -> str:
    """Two keys share a wedding."""
    return f"wedding:w{int(key[1]) // 2}"


class SkewedClock:
    """A calendar that is wrong by `skew` and steps now and then; elapsed time is right."""

    def __init__(self, skew: float) -> None:
        self._skew = skew

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._skew + random.choice((0, 600, -600)))

    def monotonic(self) -> float:
        return time.monotonic()


class Peer:
    """The commands, one method each."""

    def __init__(self, cache: Cache, database: Any, scope: str) -> None:
        self.cache = cache
        self._database = database
        self._table = f"db:{scope}"

    async def load(self, context: Load) -> int:
        """The committed version, after a delay in which anything may happen."""
        version = int(await self._database.hget(self._table, context.key) or 0)
        await asyncio.sleep(random.random() * 0.004)
        return version

    async def read(self, key: str) -> dict[str, Any]:
        """One read, with what was applied before it."""
        applied = self.cache.position
        began = time.monotonic_ns()
        read = await self.cache.read(key, self.load, tags=[tag_of(key)])
        return {
            "do": "read",
            "key": key,
            "version": read.value,
            "status": read.status.value,
            "reason": read.reason.value if read.reason else None,
            "tier": read.tier,
            "applied": applied.n,
            "epoch": applied.epoch,
            "began": began,
            "ended": time.monotonic_ns(),
        }

    async def remove(self, key: str, complete: float = 0.0) -> dict[str, Any]:
        """Commit a new version, remove its tag, and wait for completion for `complete` seconds if asked."""
        version = int(await self._database.hincrby(self._table, key, 1))
        began = time.monotonic_ns()
        receipt = await self.cache.remove(tags=[tag_of(key)])
        ended = time.monotonic_ns()
        done = None
        if complete:
            await receipt.complete(complete)
            done = time.monotonic_ns()
        n = receipt.purge.position.n
        return {"do": "remove", "key": key, "version": version, "n": n, "began": began, "ended": ended, "done": done}

    async def expire(self, key: str) -> dict[str, Any]:
        """Commit a new version and expire its tag."""
        version = int(await self._database.hincrby(self._table, key, 1))
        began = time.monotonic_ns()
        purge = await self.cache.expire(tags=[tag_of(key)])
        ended = time.monotonic_ns()
        n = purge.position.n
        return {"do": "expire", "key": key, "version": version, "n": n, "began": began, "ended": ended, "done": None}

    async def crowd(self, key: str, callers: int, slow: float) -> dict[str, Any]:
        """Many callers of one key whose load takes `slow` seconds; nine in ten leave. What the others got."""

        async def load(context: Load) -> int:
            await self._database.hincrby(self._table, "loads", 1)
            version = int(await self._database.hget(self._table, context.key) or 0)
            await asyncio.sleep(slow)
            return version

        tasks = [asyncio.create_task(self.cache.get_or_load(key, load, tags=[tag_of(key)])) for _ in range(callers)]
        await asyncio.sleep(slow / 4)
        for number, task in enumerate(tasks):
            if number % 10:
                task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        cancelled = sum(isinstance(answer, asyncio.CancelledError) for answer in answers)
        values = sorted({str(answer) for answer in answers if not isinstance(answer, asyncio.CancelledError)})
        return {"cancelled": cancelled, "values": values, "elsewhere": self.cache.stats.loads_elsewhere}

    async def watch(self, key: str) -> dict[str, Any]:
        """Wait until memory has no hit for `key` any more."""
        await until(lambda: self.cache.peek(key) is None)
        return {"gone": time.monotonic_ns()}

    async def churn(self, seconds: float, seed: int) -> dict[str, Any]:
        """Random reads, removals and expiries by three workers; everything that happened, in their order.

        On a busy machine it takes longer, until there is something to judge.
        """
        dice = random.Random(seed)
        history: list[dict[str, Any]] = []
        end = time.monotonic() + seconds

        def is_enough() -> bool:
            hits = [event for event in history if event["do"] == "read" and event["status"] == "hit"]
            complete = [event for event in history if event["do"] == "remove" and event["done"] is not None]
            return len(hits) > 40 and len(complete) > 1

        async def work() -> None:
            while time.monotonic() < end or not (is_enough() or time.monotonic() > end + 30):
                key = dice.choice(KEYS)
                roll = dice.random()
                if roll < 0.05:
                    history.append(await self.remove(key, complete=10.0 if dice.random() < 0.3 else 0.0))
                elif roll < 0.08:
                    history.append(await self.expire(key))
                else:
                    history.append(await self.read(key))
                await asyncio.sleep(dice.random() * 0.003)

        await asyncio.gather(*(work() for _ in range(3)))
        return {"history": history}

    async def stats(self) -> dict[str, Any]:
        """Counters and sight."""
        return {**self.cache.stats.as_dict(), "sees_log": self.cache.sees_log}


async def serve(connection: socket.socket) -> None:
    """Read who we are, be ready, serve commands until the other side ends."""
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=2**24)
    who = json.loads(await reader.readline())
    url, scope, settings = who["url"], who["scope"], who["settings"]
    clock = SkewedClock(settings.pop("skew", 0.0))
    lock = RedisLoadLock(url, scope=scope, timeout=30) if settings.pop("lock", False) else None
    one_load = frozenset(Tier) if lock else frozenset()
    database = connect(url, timeout=5.0, text=True)
    # A busy machine is no fault of Redis.
    tier = RedisTier(url, scope=scope, read_timeout=30, write_timeout=30)
    log = RedisPurgeLog(url, scope=scope, timeout=5)
    own = Settings(member=who["name"], one_load=one_load, start_timeout=30.0, **settings)
    async with Cache(own, second=tier, log=log, clock=clock, lock=lock) as cache:
        peer = Peer(cache, database, scope)
        answer: dict[str, Any] = {"ready": os.getpid()}
        while True:
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
            line = await reader.readline()
            if not line:
                break
            command = json.loads(line)
            try:
                answer = await getattr(peer, command.pop("do"))(**command)
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()[-3000:]}
    await database.aclose(close_connection_pool=True)
    writer.write(b'{"ended": true}\n')
    await writer.drain()


def main(path: str) -> None:
    """Listen at `path`; every connection gets a forked process, which costs no import."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{path}.new")
    server.listen()
    Path(f"{path}.new").rename(path)
    while True:
        connection, _ = server.accept()
        if not os.fork():
            server.close()
            asyncio.run(serve(connection))
            os._exit(0)
        connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
