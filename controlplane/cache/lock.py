"""One load across processes: who has the lock loads, the others look until its value is in the second tier.

It saves loads and decides nothing: what a load may be kept for is its as-of's business. Nobody waits longer than the
lock is held, and no connection is held while waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from controlplane.cache.settings import Settings
from controlplane.cache.stats import Stats
from controlplane.domain.keys import in_namespace
from controlplane.domain.tier import Tier
from controlplane.ports.clock import Clock
from controlplane.ports.load_lock import LoadLock

T = TypeVar("T")
_FIRST_LOOK = 0.01
_SLOWEST_LOOK = 0.1


class Turns:
    """Takes turns where there is a lock and the settings ask for it."""

    def __init__(self, lock: LoadLock | None, settings: Settings, clock: Clock, stats: Stats) -> None:
        self._lock = lock
        self._settings = settings
        self._monotonic = clock.monotonic
        self._stats = stats
        self._returns: set[asyncio.Task[None]] = set()

    async def run(
        self,
        key: str,
        tier: Tier,
        *,
        look: Callable[[], Awaitable[T | None]],
        load: Callable[[], Awaitable[T]],
        filled: Callable[[], Awaitable[None]],
    ) -> T:
        """What `load` brings, or what `look` finds of another process's load. Raises what `load` raises.

        `filled` waits until what we loaded is where others look. A lock that its holder outlives is taken by the next
        one; who has waited as long as the lock is held loads without it.
        """
        if self._lock is None or tier not in self._settings.one_load:
            return await load()
        name = in_namespace(self._settings.namespace, key)
        hold = self._settings.one_load_for
        until, pause = self._monotonic() + hold, _FIRST_LOOK
        token = await self._lock.take(name, hold)
        waited = token is None
        while token is None and self._monotonic() < until:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, _SLOWEST_LOOK)
            if (found := await look()) is not None:
                self._stats.loads_elsewhere += 1
                return found
            token = await self._lock.take(name, hold)
        try:
            # The holder filled before it gave the lock back: between our last look and our turn it may have.
            if waited and (found := await look()) is not None:
                self._stats.loads_elsewhere += 1
                return found
            return await load()
        finally:
            if token is not None:
                self._behind(self._give_back(self._lock, name, token, filled))

    async def aclose(self) -> None:
        """Give back what is held, for at most the drain time, then close the lock's connections."""
        if self._returns:
            _, late = await asyncio.wait(set(self._returns), timeout=self._settings.drain_timeout)
            for task in late:
                task.cancel()
            # One that still asked while its connections are closed would open another one.
            await asyncio.gather(*late, return_exceptions=True)
        if self._lock is not None:
            await self._lock.aclose()

    async def _give_back(self, lock: LoadLock, name: str, token: str, filled: Callable[[], Awaitable[None]]) -> None:
        """Once others find our value; nobody waits for this."""
        await filled()
        await lock.release(name, token)

    def _behind(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)
