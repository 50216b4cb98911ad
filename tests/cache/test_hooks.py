"""Hooks: plain and coroutine functions hear of what happened, behind the reads, and can harm none."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from controlplane.cache.hooks import SLOW, Hooks
from controlplane.cache.stats import Stats
from tests.cache.scene import Source, in_loop, until, world


class Watchman:
    """Elapsed seconds that a hook moves by itself."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@in_loop
async def test_coroutine_hooks_run_behind_and_are_waited_for_at_the_end() -> None:
    """A hook that waits delays no read; closing the cache lets it finish; a failing one is counted."""
    told: list[str] = []
    gate = asyncio.Event()

    async def waits(key: str, error: BaseException) -> None:
        await gate.wait()
        told.append(f"{key}: {error}")

    async def fails(key: str, error: BaseException) -> None:
        raise RuntimeError("the hook")

    async with world().cache() as cache:
        cache.hooks.on_refresh_failed(waits)
        cache.hooks.on_refresh_failed(fails)
        await cache.get_or_load("k", Source())
        await cache.expire("k")
        assert await cache.get_or_load("k", Source(error=ValueError("down"))) == "v0"
        await until(lambda: cache.stats.hook_failures == 1)
        assert told == []
        gate.set()
    assert told == ["k: down"]


@in_loop
async def test_a_hook_that_never_ends_is_given_up_with_the_cache() -> None:
    """Closing waits for a hook for at most the drain time."""
    ended: list[bool] = []

    async def hangs(key: str, reason: object) -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(True)

    async with world().cache(drain_timeout=0.05) as cache:
        cache.hooks.on_stale(hangs)
        await cache.put("k", 1)
        await cache.expire("k")
        await cache.read("k")
    assert ended == [True]


@in_loop
async def test_no_failure_of_a_hook_reaches_a_caller() -> None:
    """Whatever a hook raises, a cancellation included, the read has its answer and the next hook runs."""
    told: list[str] = []

    def cancelled(key: str, reason: object) -> None:
        raise asyncio.CancelledError

    def broken(key: str, reason: object) -> None:
        raise ValueError("hook")

    async def left(key: str, reason: object) -> None:
        raise asyncio.CancelledError

    async with world().cache() as cache:
        for hook in (cancelled, broken, left, lambda key, reason: told.append(key)):
            cache.hooks.on_stale(hook)
        await cache.put("k", 1)
        await cache.expire("k")
        assert (await cache.read("k")).value == 1
        await until(lambda: told == ["k"])
        assert cache.stats.hook_failures == 2


@in_loop
async def test_hooks_that_hold_the_loop_are_counted() -> None:
    """More than 50 ms at a stretch is slow, for plain and coroutine hooks; waiting is not."""
    stats, now = Stats(), Watchman()
    hooks = Hooks(stats, now)

    def takes(seconds: float) -> Any:
        def hook(key: str) -> None:
            now.at += seconds

        return hook

    def takes_twice(seconds: float) -> Any:
        async def hook(key: str) -> None:
            now.at += seconds
            await asyncio.sleep(0)
            now.at += seconds

        return hook

    async def waits(key: str) -> None:
        waiting = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(passed, waiting)
        await waiting

    def passed(waiting: asyncio.Future[None]) -> None:
        now.at += 10
        waiting.set_result(None)

    async def counted(hook: Any) -> int:
        before = stats.slow_hooks
        hooks._evicted[:] = [hook]
        hooks.evicted("k")
        await hooks.drain(10)
        return stats.slow_hooks - before

    assert await counted(takes(SLOW / 2)) == 0
    assert await counted(takes(SLOW * 2)) == 1
    assert await counted(takes_twice(SLOW * 0.75)) == 0
    assert await counted(takes_twice(SLOW * 2)) == 1
    assert await counted(waits) == 0
    assert stats.hook_failures == 0


@in_loop
async def test_a_slow_hook_shows_in_the_counters() -> None:
    """A hook of a cache that sleeps for more than 50 ms is one slow hook."""
    async with world().cache() as cache:
        cache.hooks.on_stale(lambda key, reason: time.sleep(SLOW * 1.2))
        await cache.put("k", 1)
        await cache.expire("k")
        await cache.read("k")
        await until(lambda: cache.stats.slow_hooks == 1)


def test_without_a_loop_hooks_run_at_once() -> None:
    """Where no event loop runs, both kinds have ended when the teller goes on, and a failing one is counted."""
    stats = Stats()
    hooks, told = Hooks(stats), []

    async def waits(key: str) -> None:
        await asyncio.sleep(0)
        told.append(key)

    async def fails(key: str) -> None:
        raise ValueError("hook")

    hooks.on_evicted(told.append)
    hooks.on_evicted(fails)
    hooks.on_evicted(waits)
    hooks.evicted("k")
    assert told == ["k", "k"]
    assert stats.hook_failures == 1
