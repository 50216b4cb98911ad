"""Hooks: what an application may want to hear of. They run behind the reads, and none can harm one.

A plain hook holds the event loop while it runs, and every read with it: let it count, put into a queue, no more. One
that waits for something is a coroutine function, which runs as a task. What holds the loop for longer than 50 ms at a
stretch is counted (`slow_hooks`) and named in the log.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Callable, Coroutine, Generator
from typing import Any

from controlplane.cache.entry import Reason
from controlplane.cache.stats import Stats

_log = logging.getLogger("wedcache.cache.hooks")
_Hook = Callable[..., object]
SLOW = 0.05


class Hooks:
    """Functions to be called when something happened, in the cache's loop, after the read was answered.

    Plain or coroutine functions; what they return is ignored. One that fails is counted (`hook_failures`) and logged;
    the next ones run, and no caller of the cache hears of it. `elapsed` tells seconds.
    """

    def __init__(self, stats: Stats, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._calling = _Calling(stats, elapsed)
        self._evicted: list[_Hook] = []
        self._stale: list[_Hook] = []
        self._failed: list[_Hook] = []

    def on_evicted(self, hook: Callable[[str], object]) -> None:
        """Call `hook(key)` whenever memory drops an entry for want of room."""
        self._evicted.append(hook)

    def on_stale(self, hook: Callable[[str, Reason], object]) -> None:
        """Call `hook(key, reason)` whenever a stale copy was served."""
        self._stale.append(hook)

    def on_refresh_failed(self, hook: Callable[[str, BaseException], object]) -> None:
        """Call `hook(key, error)` whenever a loader failed, whether or not a copy was served instead."""
        self._failed.append(hook)

    def evicted(self, key: str) -> None:
        """Tell that memory dropped `key`."""
        if self._evicted:
            self._calling.tell(self._evicted, key)

    def stale(self, key: str, reason: Reason) -> None:
        """Tell that a stale copy of `key` was served."""
        if self._stale:
            self._calling.tell(self._stale, key, reason)

    def refresh_failed(self, key: str, error: BaseException) -> None:
        """Tell that loading `key` failed."""
        if self._failed:
            self._calling.tell(self._failed, key, error)

    async def drain(self, longest: float) -> None:
        """Wait for coroutine hooks of this loop, and cancel those that take longer than `longest` seconds."""
        await self._calling.drain(longest)


class _Calling:
    """Calls hooks, measures them, and keeps their failures to itself."""

    def __init__(self, stats: Stats, elapsed: Callable[[], float]) -> None:
        self._stats = stats
        self._elapsed = elapsed
        self._running: set[asyncio.Task[None]] = set()

    async def drain(self, longest: float) -> None:
        """As `Hooks.drain`."""
        await asyncio.sleep(0)  # what was told in this turn begins
        loop = asyncio.get_running_loop()
        if mine := {task for task in self._running if task.get_loop() is loop}:
            _, late = await asyncio.wait(mine, timeout=longest)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def tell(self, hooks: list[_Hook], *what: Any) -> None:
        """In the next turn of the loop; where none runs, now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._run(hooks, what, asyncio.run)
        else:
            loop.call_soon(self._run, hooks, what, self._start)

    def _run(
        self, hooks: list[_Hook], what: tuple[Any, ...], start: Callable[[Coroutine[Any, Any, None]], object]
    ) -> None:
        """Each hook, the coroutine functions by `start`."""
        for hook in tuple(hooks):
            began = self._elapsed()
            try:
                work = hook(*what)
            except (Exception, asyncio.CancelledError):
                self._failing(hook)
                continue
            self._timed(hook, self._elapsed() - began)
            if inspect.iscoroutine(work):
                start(self._waiting(hook, work))

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name="wedcache hook")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _waiting(self, hook: _Hook, work: Coroutine[Any, Any, object]) -> None:
        """A coroutine hook to its end."""
        steps = _Steps(work, self._elapsed)
        try:
            await steps
        except Exception:
            self._failing(hook)
        finally:
            self._timed(hook, steps.longest)

    def _failing(self, hook: _Hook) -> None:
        self._stats.hook_failures += 1
        _log.exception("the cache's hook %s failed; nothing else is affected", _named(hook))

    def _timed(self, hook: _Hook, seconds: float) -> None:
        if seconds > SLOW:
            self._stats.slow_hooks += 1
            _log.warning("the cache's hook %s held the event loop for %.3f s", _named(hook), seconds)


class _Steps:
    """Awaits a coroutine and measures its `longest` stretch between two waits, in seconds."""

    def __init__(self, work: Coroutine[Any, Any, object], elapsed: Callable[[], float]) -> None:
        self.longest = 0.0
        self._work = work
        self._elapsed = elapsed

    def __await__(self) -> Generator[Any, Any, None]:
        step: Callable[[Any], Any] = self._work.send
        given: Any = None
        while True:
            began = self._elapsed()
            try:
                waits_for = step(given)
            except StopIteration:
                return
            finally:
                self.longest = max(self.longest, self._elapsed() - began)
            try:
                step, given = self._work.send, (yield waits_for)
            except BaseException as error:
                step, given = self._work.throw, error


def _named(hook: _Hook) -> str:
    return getattr(hook, "__qualname__", None) or repr(hook)
