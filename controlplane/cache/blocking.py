"""The sync face: memory hits without any event loop, all else in the cache's loop, from any number of threads."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import contextvars
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast

from controlplane.cache.many import Many
from controlplane.cache.options import CallOptions
from controlplane.cache.receipt import Receipt
from controlplane.domain.purge_log import Purge
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput, Unavailable

if TYPE_CHECKING:
    from controlplane.cache.client import Cache
    from controlplane.cache.load import Load

T = TypeVar("T")


class Blocking:
    """A cache for plain functions. Loaders are plain functions too, and run in threads of their own.

    Where the cache is open in a loop of another thread, that loop is used; otherwise the first miss starts one, which
    `close` (or leaving `with`) ends together with the cache.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._starting = threading.Lock()
        self._pid = os.getpid()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Blocking:
        self._after_fork()
        with self._starting:
            self._started()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def get_or_load(
        self,
        key: str,
        load: Callable[[Load], T],
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] = (),
        as_type: type[T] | None = None,
        **options: Unpack[CallOptions],
    ) -> T:
        """As `Cache.get_or_load`; raises BadInput for a miss in the cache's own loop, which would wait for itself."""
        if not options or not self._cache.skips_memory(options):
            entry = self._cache.hit(key)
            if entry is not None:
                return cast(T, entry.own())
        return self.run(self._cache.get_or_load(key, in_thread(load), tier=tier, tags=tags, as_type=as_type, **options))

    def get(self, key: str, default: Any = None, *, as_type: type[Any] | None = None) -> Any:
        """As `Cache.get`."""
        entry = self._cache.hit(key)
        return entry.own() if entry is not None else self.run(self._cache.get(key, default, as_type=as_type))

    def get_many_or_load(
        self,
        keys: Iterable[str],
        load: Callable[[Sequence[str]], Mapping[str, T | Exception | None]],
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] | Callable[[str], Iterable[str]] = (),
        as_type: type[T] | None = None,
        **options: Unpack[CallOptions],
    ) -> Many[T]:
        """As `Cache.get_many_or_load`."""
        many = self._cache.get_many_or_load(keys, in_thread(load), tier=tier, tags=tags, as_type=as_type, **options)
        return self.run(many)

    def put(
        self,
        key: str,
        value: object,
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] = (),
        **options: Unpack[CallOptions],
    ) -> bool:
        """As `Cache.put`."""
        return self.run(self._cache.put(key, value, tier=tier, tags=tags, **options))

    def expire(self, *keys: str, tags: Iterable[str] = ()) -> Purge:
        """As `Cache.expire`."""
        return self.run(self._cache.expire(*keys, tags=tags))

    def remove(self, *keys: str, tags: Iterable[str] = ()) -> Receipt:
        """As `Cache.remove`; wait for its completion by `run(receipt.complete())`."""
        return self.run(self._cache.remove(*keys, tags=tags))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of any coroutine of the cache, for example `run(cache.put_many(values))`.

        Raises BadInput in the cache's own loop.
        """
        here = _running()
        if here is not None and here in (self._cache.loop, self._loop):
            work.close()
            raise BadInput(
                "a plain function asked the cache in the cache's own event loop: it would wait for itself for ever",
                next_step="Make it a coroutine function, or call it by asyncio.to_thread.",
            )
        self._after_fork()
        with self._starting:
            # Under the lock, so that what is handed over has a turn before `close` ends the loop.
            loop = self._started()
            future = asyncio.run_coroutine_threadsafe(work, loop)
        return _result(future, loop)

    def close(self) -> None:
        """Close the cache and end its loop, if this face started it; not where another thread uses it again by then."""
        self._after_fork()
        with self._starting:
            thread, loop = self._thread, self._loop
            if thread is None or loop is None or not thread.is_alive():
                return
            closed = asyncio.run_coroutine_threadsafe(self._cache.aclose(), loop)
        with contextlib.suppress(Unavailable):
            _result(closed, loop)
        with self._starting:
            if self._loop is not loop or self._cache.loop is loop:
                return
            self._thread = self._loop = None
            atexit.unregister(self.close)
            loop.call_soon_threadsafe(loop.stop)
        thread.join()

    def _started(self) -> asyncio.AbstractEventLoop:
        """The cache's loop; one of our own if it has none."""
        loop = self._cache.loop
        if loop is not None:
            return loop
        own = self._loop
        if own is None or self._thread is None or not self._thread.is_alive():
            own = self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_run, args=(own,), name="wedcache", daemon=True)
            self._thread.start()
            atexit.register(self.close)
        _result(asyncio.run_coroutine_threadsafe(self._cache.open(), own), own)
        return own

    def _after_fork(self) -> None:
        """A forked child starts anew."""
        if self._pid != os.getpid():
            self._starting, self._pid = threading.Lock(), os.getpid()
            self._thread = self._loop = None


def in_thread(load: Callable[[Any], T]) -> Callable[[Any], Awaitable[T]]:
    """A plain loader as an awaitable one, run in a thread of its own with the caller's context variables.

    A thread each: loaders that read through the cache themselves can never wait for a place in a full pool.
    """
    context = contextvars.copy_context()

    async def bring(asked: Any) -> T:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                value = context.copy().run(load, asked)
            except BaseException as error:
                _tell(loop, future, _fail, error)
            else:
                _tell(loop, future, _succeed, value)

        threading.Thread(target=work, name="wedcache load", daemon=True).start()
        return await future

    return bring


def _tell(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[Any],
    how: Callable[[asyncio.Future[Any], Any], None],
    what: Any,
) -> None:
    """In the loop; one that was closed meanwhile has nobody who waits."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(how, future, what)


def _succeed(future: asyncio.Future[Any], value: Any) -> None:
    if not future.done():
        future.set_result(value)


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    """The error; one that no future takes, or that would end the loop and leave every other thread waiting, as text."""
    if isinstance(error, (StopIteration, KeyboardInterrupt, SystemExit)):
        cause, error = error, RuntimeError(f"the loader ended by {error!r}")
        error.__cause__ = cause
    if not future.done():
        future.set_exception(error)


def _result(future: concurrent.futures.Future[T], loop: asyncio.AbstractEventLoop) -> T:
    """Wait for what `loop` was asked; for one that was closed without an answer, no longer."""
    try:
        while True:
            concurrent.futures.wait((future,), timeout=1.0)
            if future.done():
                return future.result()
            if loop.is_closed():
                raise concurrent.futures.CancelledError
    except concurrent.futures.CancelledError as error:
        raise Unavailable(
            "the cache was closed before it answered; what was asked may or may not have happened",
            next_step="Ask again: the cache opens again by itself.",
        ) from error
    except BaseException:
        future.cancel()
        raise


def _running() -> asyncio.AbstractEventLoop | None:
    """The loop that runs in this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """The loop thread."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(_ended())
        loop.close()


async def _ended() -> None:
    """End what is left in this loop: other threads wait for it."""
    this = asyncio.current_task()
    while left := asyncio.all_tasks() - {this}:
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        # What was handed over in the last moment begins in the next turn.
        await asyncio.sleep(0)
