"""Home: the process and the event loop in which a cache lives, and what becomes of calls from elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import os
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

from controlplane.cache.engine import Engine
from controlplane.cache.entry import Entry, Read, Status
from controlplane.cache.load import Load, Loader, begun, called
from controlplane.cache.parts import Terms
from controlplane.errors import Unavailable

T = TypeVar("T")
_Hit = Callable[[str], Entry | None]
Bring = Callable[[Callable[[Any], Awaitable[Any]]], Callable[[Any], Awaitable[Any]]]

_off: ContextVar[frozenset[int]] = ContextVar("wedcache caches that are off here", default=frozenset())
_all: weakref.WeakSet[Home] = weakref.WeakSet()
_parents: list[Engine] = []


class Home:
    """Opens, closes and renews a cache's engine, and runs calls in its loop."""

    def __init__(self, engine: Engine, take: Callable[[Engine, _Hit, asyncio.AbstractEventLoop | None], None]) -> None:
        self._engine = engine
        self._take = take
        self._loop: asyncio.AbstractEventLoop | None = None
        self._was_opened = False
        self._is_closed = False
        self._switched = 0
        self._settle()
        _all.add(self)

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The cache's loop, if that is alive and running."""
        loop = self._loop
        return loop if loop is not None and loop.is_running() and not loop.is_closed() else None

    def peek(self, key: str) -> Entry | None:
        """The entry of `key` if it is a hit, also when a refresh ahead is due."""
        return None if self._is_off() else self._engine.judged.peek(key)

    async def open(self) -> None:
        """Open in the running loop. A cache whose loop is gone begins anew here, with connections of its own."""
        if self.loop is not None:
            return
        if self._was_opened:
            self._renew(forked=False)
        self._loop = asyncio.get_running_loop()
        self._was_opened, self._is_closed = True, False
        self._settle()
        try:
            await self._engine.open()
        except BaseException:
            self._loop = None
            self._settle()
            raise

    async def aclose(self) -> None:
        """Close, in the cache's own loop if that still runs; then nothing is open, and reads go to the loader."""
        loop, engine = self.loop, self._engine
        self._is_closed = True
        self._settle()
        if loop is asyncio.get_running_loop():
            await engine.aclose()
        elif loop is not None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(engine.aclose(), loop))
        else:
            engine.memory.clear()
        self._loop = None
        self._settle()

    async def run(
        self, work: Callable[[Bring], Coroutine[Any, Any, T]], around: Callable[[], Awaitable[T]] | None = None
    ) -> T:
        """Run `work` in the cache's loop; instead of it `around`, if given, while the cache is off.

        `work` is given a function for the caller's loaders: they run in the caller's loop.
        """
        if around is not None and self._is_off():
            return await around()
        if self._is_closed:
            raise Unavailable("the cache is closed; nothing was purged or stored", next_step="Open it again.")
        here, there = asyncio.get_running_loop(), self.loop
        if there is None:
            await self.open()
        elif there is not here:
            return await asyncio.wrap_future(
                asyncio.run_coroutine_threadsafe(work(lambda load: brought_from(here, load)), there)
            )
        return await work(_as_it_is)

    @contextlib.contextmanager
    def disabled(self) -> Iterator[None]:
        """Off within this context."""
        token = _off.set(_off.get() | {id(self)})
        self._switched += 1
        self._settle()
        try:
            yield
        finally:
            self._switched -= 1
            _off.reset(token)
            self._settle()

    def forked(self) -> None:
        """In a forked child: forget the parent's loop and connections without touching them, and begin anew."""
        if self._was_opened:
            _parents.append(self._engine)
            self._loop = None
            self._renew(forked=True)

    def _renew(self, *, forked: bool) -> None:
        self._engine = self._engine.renewed(forked=forked)
        self._settle()

    def _is_off(self) -> bool:
        return self._is_closed or id(self) in _off.get()

    def _settle(self) -> None:
        """Give the cache its engine, and a look into memory that costs nothing extra while the cache is on."""
        hit = self._engine.judged.hit
        if self._is_guarded:
            self._take(self._engine, lambda key: None if self._is_off() else hit(key), None)
        else:
            self._take(self._engine, hit, self._loop)

    @property
    def _is_guarded(self) -> bool:
        return self._is_closed or self._switched > 0


def brought_from(loop: asyncio.AbstractEventLoop, load: Callable[[Any], Awaitable[T]]) -> Callable[[Any], Awaitable[T]]:
    """A loader that runs in `loop`, for a cache that lives in another one."""

    async def at_its_home(asked: Any) -> T:
        return await begun(load, asked)

    async def bring(asked: Any) -> T:
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(at_its_home(asked), loop))
        except (KeyboardInterrupt, SystemExit) as error:
            # It ends the loop that it was raised in; the cache's serves others too.
            raise RuntimeError(f"the loader ended by {error!r}") from error

    return bring


async def direct(key: str, load: Loader[Any] | None, terms: Terms) -> Read[Any]:
    """A read around the cache: its loader's value, within its hard time-out."""
    if load is None:
        return Read(None, Status.MISS, None, "", 0.0)
    return Read(await called(load, Load(key), terms.policy.hard_timeout), Status.LOADED, None, "loader", 0.0)


def _as_it_is(load: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
    """The caller's loop is the cache's."""
    return load


def _after_fork() -> None:
    """In the child, before anything else runs there."""
    for home in list(_all):
        home.forked()


os.register_at_fork(after_in_child=_after_fork)
