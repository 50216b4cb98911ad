"""The sync face, several threads, several event loops, and forks."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.clock import SystemClock
from controlplane.cache import Cache, Load
from controlplane.errors import BadInput
from sandbox import valkey
from tests.cache.scene import Source, in_loop, real_cache, world
from tests.cache.scene import until as in_time

_who: contextvars.ContextVar[str] = contextvars.ContextVar("who", default="nobody")


def until(claim: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a claim to hold."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.002)


def test_a_script_without_a_loop() -> None:
    """Plain functions read, write and purge; a second read is answered without any loop; closing ends the thread."""
    loads = []

    def load(context: Load) -> str:
        loads.append((context.key, _who.get()))
        return "value"

    cache = world().cache()
    _who.set("caller")
    with cache.blocking as face:
        assert face.get_or_load("k", load, tags=["wedding:como"]) == "value"
        loop = cache.loop
        assert loop is not None
        held = threading.Event()
        loop.call_soon_threadsafe(held.wait)
        assert face.get_or_load("k", load) == face.get("k") == "value", "a hit needs no turn of the loop"
        held.set()
        assert loads == [("k", "caller")]
        assert face.get("other", "none") == "none"
        assert face.put("p", 1)
        assert face.get("p") == 1
        face.expire("p")
        assert face.get("p", "expired") == "expired"
        receipt = face.remove(tags=["wedding:como"])
        assert face.run(receipt.complete()).complete
        assert face.get("k", "removed") == "removed"
        many = face.get_many_or_load(["a", "b"], lambda keys: dict.fromkeys(keys, "m"))
        assert dict(many) == {"a": "m", "b": "m"}
    assert loop.is_closed()
    assert not [thread for thread in threading.enumerate() if thread.name == "wedcache"]


def test_a_plain_function_is_decorated() -> None:
    """`cached` and `purges` on plain functions; a failing one raises its own error."""
    cache = world().cache()
    calls = []

    @cache.cached("square:{number}", tags=["page:{number}"])
    def square(number: int) -> int:
        calls.append(number)
        if number < 0:
            raise ValueError("negative")
        return number * number

    @cache.purges(tags=["page:{number}"])
    def forget(number: int) -> None: ...

    with cache.blocking:
        assert [square(3), square(3), square(number=3)] == [9, 9, 9]
        forget(3)
        assert square(3) == 9
        with pytest.raises(ValueError, match="negative"):
            square(-1)
    assert calls == [3, 3, -1]


def test_many_threads_share_one_load() -> None:
    """G12 across threads: 16 threads that miss together cost one load, and get its value."""
    cache = world().cache()
    gate = threading.Event()
    loads = []

    def load(context: Load) -> str:
        loads.append(context.key)
        gate.wait(60)
        return "value"

    with cache.blocking as face, ThreadPoolExecutor(16) as pool:
        answers = [pool.submit(face.get_or_load, "k", load) for _ in range(16)]
        until(lambda: cache.stats.joined == 15)
        gate.set()
        assert [answer.result(60) for answer in answers] == ["value"] * 16
    assert loads == ["k"]


def test_a_loader_may_read_through_the_cache_itself() -> None:
    """Loaders that need each other's keys never wait for a place in a pool: 50 levels deep."""
    cache = world().cache()

    def load(context: Load) -> int:
        depth = int(context.key)
        return 0 if depth == 0 else 1 + face.get_or_load(str(depth - 1), load)

    with cache.blocking as face:
        assert face.get_or_load("50", load) == 50


@in_loop
async def test_in_the_caches_own_loop_a_miss_says_what_to_do() -> None:
    """A plain decorated function that misses in the loop would wait for itself: BadInput, not a hang; hits work."""
    async with world().cache() as cache:

        @cache.cached("n:{number}")
        def plain(number: int) -> int:
            return number

        with pytest.raises(BadInput, match="wait for itself"):
            plain(1)
        assert await asyncio.to_thread(plain, 1) == 1
        assert plain(1) == 1


def test_other_loops_share_the_cache_and_keep_their_loaders() -> None:
    """A call from another loop is handed over; its loader runs in its own loop; leaving it harms nobody."""
    cache = world().cache()
    where = []

    async def load(context: Load) -> str:
        where.append(asyncio.get_running_loop())
        await asyncio.sleep(0.01)
        return context.key

    async def elsewhere() -> asyncio.AbstractEventLoop:
        leaver = asyncio.create_task(cache.get_or_load("k", load))
        stayer = asyncio.create_task(cache.get_or_load("k", load))
        await asyncio.sleep(0.005)
        leaver.cancel()
        assert await stayer == "k"
        many = await cache.get_many_or_load(["a", "b"], lambda keys: asyncio.sleep(0, dict.fromkeys(keys, 1)))
        assert dict(many) == {"a": 1, "b": 1}
        return asyncio.get_running_loop()

    with cache.blocking:
        assert where == []
        other = asyncio.run(elsewhere())
        assert where == [other]
        assert cache.peek("k") == "k"


def test_a_cache_outlives_its_loop(server: valkey.Server, scope: str) -> None:
    """When its loop ended without closing it, the cache begins anew in the next one, with connections of its own."""
    source = Source()
    cache = real_cache(server.url, scope)

    async def once(key: str, close: bool) -> str:
        value = await cache.get_or_load(key, source, tags=["wedding:como"])
        await in_time(lambda: cache.sees_log)
        if close:
            await cache.aclose()
        return value

    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(once("k", close=False)) == "v0"
    first = cache._engine
    assert asyncio.run(once("other", close=True)) == "v0"
    assert cache._engine is not first
    assert cache.sees_log is False
    loop.run_until_complete(first.aclose())
    loop.close()


def _child(cache: Cache, pipe: int) -> None:
    """Reads in a forked child: what it answers, and under which name it follows the log."""

    async def read() -> str:
        blind = cache.peek("k", "nothing")
        value = await cache.get_or_load("k", Source(value=1))
        await in_time(lambda: cache.sees_log)
        again = await cache.get_or_load("mine", Source(value=2))
        await cache.aclose()
        return f"{blind} {value} {again} {cache.member}"

    os.write(pipe, asyncio.run(read()).encode())


def test_a_forked_child_begins_anew(server: valkey.Server, scope: str) -> None:
    """A child never uses the parent's connections nor its memory: it opens its own under a name of its own."""
    cache = Cache(
        second=RedisTier(server.url, scope=scope, read_timeout=5, write_timeout=5),
        log=RedisPurgeLog(server.url, scope=scope, timeout=5),
        clock=SystemClock(),
    )
    with cache.blocking as face:
        assert face.get_or_load("k", lambda _: "v0") == "v0"
        until(lambda: face.run(_stored(cache)) is not None)
        parent, child = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                _child(cache, child)
            finally:
                os._exit(0)
        os.close(child)
        with os.fdopen(parent) as answer:
            blind, value, again, member = answer.read().split(" ", 3)
        assert os.waitpid(pid, 0)[1] == 0
        assert (blind, value, again) == ("nothing", "v0", "v2")
        assert member != cache.member
        assert face.get_or_load("k", lambda _: "v3") == "v0", "the parent goes on as if nothing had happened"
        assert face.run(cache.get("mine")) == "v2"
        receipt = face.remove("k")
        assert face.run(receipt.complete()).complete


async def _stored(cache: Cache) -> object:
    """What Redis holds under `k`."""
    return (await cache.explain("k")).redis
