"""Hooks: what an application may want to hear of. They run behind the reads, and none can harm one."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any

from controlplane.cache.entry import Reason
from controlplane.cache.stats import Stats
from controlplane.errors import BadInput

_log = logging.getLogger("wedcache.cache.hooks")
_Hook = Callable[..., None]


class Hooks:
    """Plain functions to be called when something happened, in the cache's loop, after the read was answered."""

    def __init__(self, stats: Stats) -> None:
        self._stats = stats
        self._evicted: list[_Hook] = []
        self._stale: list[_Hook] = []
        self._failed: list[_Hook] = []

    def on_evicted(self, hook: Callable[[str], None]) -> None:
        """Call `hook(key)` whenever memory drops an entry for want of room."""
        self._evicted.append(_plain(hook))

    def on_stale(self, hook: Callable[[str, Reason], None]) -> None:
        """Call `hook(key, reason)` whenever a stale copy was served."""
        self._stale.append(_plain(hook))

    def on_refresh_failed(self, hook: Callable[[str, BaseException], None]) -> None:
        """Call `hook(key, error)` whenever a loader failed, whether or not a copy was served instead."""
        self._failed.append(_plain(hook))

    def evicted(self, key: str) -> None:
        """Tell that memory dropped `key`."""
        if self._evicted:
            self._tell(self._evicted, key)

    def stale(self, key: str, reason: Reason) -> None:
        """Tell that a stale copy of `key` was served."""
        if self._stale:
            self._tell(self._stale, key, reason)

    def refresh_failed(self, key: str, error: BaseException) -> None:
        """Tell that loading `key` failed."""
        if self._failed:
            self._tell(self._failed, key, error)

    def _tell(self, hooks: list[_Hook], *what: Any) -> None:
        """In the next turn of the loop; where none runs, now."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._run(hooks, what)
        else:
            loop.call_soon(self._run, hooks, what)

    def _run(self, hooks: list[_Hook], what: tuple[Any, ...]) -> None:
        """Each hook; a failing one is counted and logged, and the next one runs."""
        for hook in tuple(hooks):
            try:
                hook(*what)
            except Exception:
                self._stats.hook_failures += 1
                _log.exception("a hook of the cache failed; nothing else is affected")


def _plain(hook: Callable[..., None]) -> _Hook:
    """The hook, unless it is a coroutine function, whose coroutine nobody would await."""
    if inspect.iscoroutinefunction(hook):
        raise BadInput("a hook is a plain function; let it start a task if it has to wait for something")
    return hook
