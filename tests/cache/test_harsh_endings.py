"""G12, G13: loaders that exit, threads that wait while the cache is closed, loops that end: nobody waits for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from controlplane.cache import Load
from controlplane.errors import Unavailable
from tests.cache.scene import Source, world
from tests.cache.scene import until as in_time


def ended(work: Callable[[], Any]) -> Callable[[], Any]:
    """Run `work` in a thread; the answer waits for it, at most 30 s, and gives its value or its error."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def outcome() -> Any:
        thread.join(30)
        assert found, "it waits for ever"
        return found[0]

    return outcome


@pytest.mark.parametrize(
    "end", [SystemExit(3), KeyboardInterrupt(), StopIteration()], ids=lambda end: type(end).__name__
)
def test_a_loader_that_exits_ends_nobody_elses_read(end: BaseException) -> None:
    """G12: what would end the cache's loop is that load's failure; the thread that waits for it, and others, go on."""
    began, goes_on = threading.Event(), threading.Event()

    def exits(context: Load) -> str:
        raise end

    def slow(context: Load) -> str:
        began.set()
        goes_on.wait(30)
        return "value"

    with world().cache().blocking as face:
        other = ended(lambda: face.get_or_load("other", slow))
        began.wait(30)
        failure = ended(lambda: face.get_or_load("k", exits))()
        assert isinstance(failure, RuntimeError)
        assert failure.__cause__ is end
        goes_on.set()
        assert other() == "value"
        assert face.get_or_load("k", lambda context: "value") == "value"


def test_closing_wakes_whoever_waits() -> None:
    """A thread that waits for the cache while another one closes it is told so."""
    waits = threading.Event()
    cache = world().cache(drain_timeout=0.1)

    async def for_ever() -> None:
        waits.set()
        await asyncio.Event().wait()

    face = cache.blocking
    other = ended(lambda: face.run(for_ever()))
    waits.wait(30)
    face.close()
    assert isinstance(other(), Unavailable)


def test_threads_that_read_while_it_is_closed_and_opened_are_all_answered() -> None:
    """Reads in four threads while a fifth closes again and again: each gets its value, or hears that it was closed."""
    cache = world().cache(drain_timeout=0.1, start_timeout=5.0)
    face = cache.blocking
    counts = [0] * 4
    are_done = threading.Event()

    def reads(place: int) -> set[str]:
        found: set[str] = set()
        while not are_done.is_set():
            counts[place] += 1
            try:
                found.add(face.get_or_load(f"{place} {counts[place]}", lambda context: "value"))
            except Unavailable:
                found.add("closed")
        return found

    readers = [ended(lambda place=place: reads(place)) for place in range(4)]  # type: ignore[misc]  # lambda's default
    for _ in range(20):
        seen = min(counts)
        asyncio.run(in_time(lambda seen=seen: min(counts) > seen))  # type: ignore[misc]  # lambda's default
        face.close()
    are_done.set()
    for outcome in readers:
        assert "value" in outcome() <= {"value", "closed"}
    face.close()


def test_a_loader_of_another_loop_that_exits_leaves_the_caches_loop_alone() -> None:
    """A loader that ends its own event loop fails its load; the cache's loop goes on for others."""
    cache = world().cache()
    is_open, may_end = threading.Event(), threading.Event()

    async def home() -> str:
        async with cache:
            is_open.set()
            await asyncio.to_thread(may_end.wait, 30)
            # Another key: whoever reads "k" before the cache's loop has heard of the exit shares that load's failure.
            return await cache.get_or_load("other", Source())

    async def away() -> None:
        async def exits(context: Load) -> str:
            raise SystemExit(3)

        await cache.get_or_load("k", exits)

    at_home = ended(lambda: asyncio.run(home()))
    is_open.wait(30)
    assert isinstance(ended(lambda: asyncio.run(away()))(), SystemExit)
    may_end.set()
    assert at_home() == "v0"
