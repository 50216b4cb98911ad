"""What the cache tests share: running a coroutine test, a counting loader, caches over fakes and real servers."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, ParamSpec

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load, Settings, WindowTable
from tests.cache.fakes import FakeClock, FakePurgeLog, FakeTier

P = ParamSpec("P")
Make = Callable[[], Cache]
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def in_loop(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Run a coroutine test in an event loop of its own, for at most four minutes."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(240):
                await test(*args, **kwargs)

        asyncio.run(bounded())

    return run


def accepting(serve: Serve) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
    """`serve` as `asyncio.start_server` wants it. Its connection ends with it, also where it is cancelled before it has
    begun, which a coroutine cannot see to."""
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def end(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            if not writer.is_closing():
                writer.transport.abort()

        task = asyncio.get_running_loop().create_task(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(end)

    return accept


async def until(claim: Callable[[], Any], seconds: float = 30.0) -> None:
    """Wait for a claim to hold; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        await asyncio.sleep(0.002)


@dataclass
class Source:
    """A loader that counts: returns "v<n>", waits for `gate` while it is clear, raises `error` while there is one."""

    value: int = 0
    loads: int = 0
    error: Exception | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def __call__(self, context: Load) -> str:
        self.loads += 1
        seen = self.value
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return f"v{seen}"


@dataclass
class World:
    """One fake region: clock, log, second tier, calendar."""

    clock: FakeClock
    log: FakePurgeLog
    tier: FakeTier
    windows: WindowTable

    def cache(self, **settings: Any) -> Cache:
        return Cache(Settings(**settings), second=self.tier, log=self.log, clock=self.clock, windows=self.windows)


def world() -> World:
    """A fresh fake region."""
    clock = FakeClock()
    return World(clock, FakePurgeLog(clock), FakeTier(clock), WindowTable())


def real_cache(url: str, scope: str, *, patience: float = 5.0, **settings: Any) -> Cache:
    """A cache over a real server, which may be slow on a busy machine: calls of Redis, and the first heartbeat, have
    `patience` seconds."""
    return Cache(
        Settings(**{"start_timeout": max(1.0, patience), **settings}),
        second=RedisTier(url, scope=scope, read_timeout=patience, write_timeout=patience),
        log=RedisPurgeLog(url, scope=scope, timeout=max(0.5, patience)),
        clock=SystemClock(),
    )
