"""The sync face: memory hits without any event loop, all else in the cache's loop, from any number of threads."""

from __future__ import annotations

import asyncio
import atexit
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
from controlplane.errors import BadInput

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
        loop = self._started()
        if _running() is loop:
            work.close()
            raise BadInput(
                "a plain function asked the cache in the cache's own event loop: it would wait for itself for ever",
                next_step="Make it a coroutine function, or call it by asyncio.to_thread.",
            )
        future = asyncio.run_coroutine_threadsafe(work, loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    def close(self) -> None:
        """Close the cache and end its loop, if this face started it."""
        thread, loop = self._thread, self._loop
        if thread is None or loop is None or self._pid != os.getpid():
            return
        atexit.unregister(self.close)
        asyncio.run_coroutine_threadsafe(self._cache.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        self._thread = self._loop = None

    def _started(self) -> asyncio.AbstractEventLoop:
        """The cache's loop; one of our own if it has none. A forked child starts anew."""
        if self._pid != os.getpid():
            self._starting, self._pid = threading.Lock(), os.getpid()
            self._thread = self._loop = None
        with self._starting:
            loop = self._cache.loop
            if loop is not None:
                return loop
            own = self._loop
            if own is None or self._thread is None or not self._thread.is_alive():
                own = self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(own,), name="wedcache", daemon=True)
                self._thread.start()
                atexit.register(self.close)
            asyncio.run_coroutine_threadsafe(self._cache.open(), own).result()
            return own


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
    """StopIteration cannot cross a future."""
    if not future.done():
        future.set_exception(RuntimeError(repr(error)) if isinstance(error, StopIteration) else error)


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
        loop.close()
