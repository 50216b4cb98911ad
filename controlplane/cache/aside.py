"""Work that would hold the event loop, in a thread of its own: compressing, which lets go of Python's lock.

Measured (2 cores, MessagePack or JSON of records): Zstandard compresses 200 KiB in 1 ms and 1 MiB in 5 to 7, and makes
1 MiB again in 1.1; a thread costs 0.1. A thread each, not the loop's pool: that may be full of the application's work,
and it does not outlive a fork.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Bytes from which compressing, and from which undoing it, is worth a thread. What is compressed is a fifth of what it
# was: 192 KiB of it hold about 1 MiB.
PACKS_ASIDE = 192 * 1024
UNPACKS_ASIDE = 192 * 1024


class Aside:
    """At most `most` pieces of work at once, for one event loop."""

    def __init__(self, most: int = 2) -> None:
        self._turns = asyncio.Semaphore(most)

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns, from another thread. Raises what it raises; whoever leaves does not end it."""
        async with self._turns:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[T] = loop.create_future()

            def told(value: T | None, error: BaseException | None) -> None:
                if future.done():
                    return
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(value)  # type: ignore[arg-type]  # without an error there is a value

            def worked() -> None:
                value, failure = None, None
                try:
                    value = work()
                except Exception as error:
                    failure = error
                # A loop that was closed meanwhile has nobody who waits.
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(told, value, failure)

            threading.Thread(target=worked, name="wedcache aside", daemon=True).start()
            return await future
