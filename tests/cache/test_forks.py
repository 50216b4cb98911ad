"""Forks from any thread, whatever the others do at that moment: the child begins anew, the parent goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from controlplane.cache import Cache, Load
from sandbox import valkey
from tests.cache.scene import in_loop, real_cache

FORKS = 5


def in_child(work: Callable[[], str]) -> str:
    """What `work` answers in a forked child, which is killed if it hangs; an error of it is in the answer."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(50)
            os.write(told, work().encode())
        except BaseException as error:
            os.write(told, repr(error).encode())
        finally:
            os._exit(0)
    os.close(told)
    with os.fdopen(answer) as reading:
        said = reading.read()
    status = os.waitpid(child, 0)[1]
    assert status == 0, f"the child was ended by signal {os.WTERMSIG(status)}"
    return said


def reads(cache: Cache) -> Callable[[], str]:
    """By the sync face: what the child finds in memory, then reads, loads and removes, and closes."""

    def work() -> str:
        before = cache.peek("k", "nothing")
        with cache.blocking as face:
            found = face.get_or_load("k", lambda _: "loaded again")
            own = face.get_or_load(f"child {os.getpid()}", lambda _: "own")
            again = cache.peek("k", "nothing")
            removed = face.remove("removed").purge.owed
        return f"{before}, {found}, {own}, {again}, {removed}"

    return work


EXPECTED = "nothing, value, own, value, False"


@contextmanager
def opened(server: valkey.Server, scope: str) -> Iterator[Cache]:
    """A cache with an open sync face, and `k` in Redis."""
    cache = real_cache(server.url, scope)
    with cache.blocking as face:
        face.put("k", "value")
        face.run(cache._engine.shared.filled())  # type: ignore[union-attr]  # it has one
        yield cache


def test_a_fork_from_a_worker_thread_while_others_read(server: valkey.Server, scope: str) -> None:
    """Neither the main thread nor the loop's: threads that hit, miss and load at that moment leave nothing locked."""
    stop = threading.Event()

    with opened(server, scope) as cache, ThreadPoolExecutor(5) as pool:

        def busy(number: int) -> int:
            count = 0
            while not stop.wait(0.001):
                cache.blocking.get_or_load("k", lambda _: "never")
                cache.blocking.get_or_load(f"busy {number} {count}", lambda _: "loaded")
                count += 1
            return count

        others = [pool.submit(busy, number) for number in range(3)]
        try:
            for _ in range(FORKS):
                assert pool.submit(in_child, reads(cache)).result(60) == EXPECTED
        finally:
            stop.set()
        assert all(other.result(60) for other in others)
        assert cache.peek("k") == "value"
        assert cache.blocking.run(cache.blocking.remove("k").complete(timeout=20)).complete


def test_a_fork_while_another_thread_is_opening_the_face(server: valkey.Server, scope: str) -> None:
    """The face's lock is held elsewhere for ever, as the child sees it: it takes a new one."""
    held, free = threading.Event(), threading.Event()

    with opened(server, scope) as cache:

        def opening() -> None:
            with cache.blocking._starting:
                held.set()
                free.wait(60)

        other = threading.Thread(target=opening)
        other.start()
        try:
            assert held.wait(60)
            assert in_child(reads(cache)) == EXPECTED
        finally:
            free.set()
            other.join()
        assert cache.blocking.get("k") == "value"


@in_loop
async def test_a_fork_in_the_loops_own_thread(server: valkey.Server, scope: str) -> None:
    """From a coroutine, with a load under way: the child has a loop of its own, the parent's load lands."""
    gate = asyncio.Event()

    async def slow(context: Load) -> str:
        await gate.wait()
        return "slow"

    async with real_cache(server.url, scope) as cache:
        await cache.put("k", "value")
        await cache._engine.shared.filled()  # type: ignore[union-attr]  # it has one
        loading = asyncio.create_task(cache.get_or_load("slow", slow))
        await asyncio.sleep(0.01)
        assert in_child(reads(cache)) == EXPECTED
        gate.set()
        assert await loading == "slow"
        assert await cache.get("k") == "value"


def test_a_grandchild_begins_anew_too(server: valkey.Server, scope: str) -> None:
    """A child that forks with its own face open, and a face that nobody closed, end well."""

    def forks() -> str:
        cache.blocking.get_or_load("k", lambda _: "never")
        return in_child(reads(cache))

    with opened(server, scope) as cache:
        assert in_child(forks) == EXPECTED
        assert cache.blocking.get("k") == "value"
