"""Large values are compressed and made again beside the event loop, and no promise about late writes suffers."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from controlplane.cache import compress
from controlplane.cache.aside import PACKS_ASIDE, UNPACKS_ASIDE, Aside
from tests.cache.scene import Source, in_loop, until, world

LARGE = [f"guest {number}" for number in range(PACKS_ASIDE // 8)]
# Compresses by half only, so that it is large also when packed.
ROUGH = [f"{number:016x}" for number in map(random.Random(4).getrandbits, [64] * (UNPACKS_ASIDE // 6))]


class Spied:
    """What was called in which thread; the call itself may be held up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.threads: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        real: Callable[..., Any] = getattr(compress, name)

        def spied(*args: Any) -> Any:
            self.threads.append(threading.get_ident())
            if threading.current_thread() is not threading.main_thread():
                assert self.gate.wait(30)
            return real(*args)

        monkeypatch.setattr(compress, name, spied)


@in_loop
async def test_large_values_leave_the_event_loop_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Above the threshold a value is packed, and made again, in another thread; below it in this one."""
    packed, unpacked = Spied(monkeypatch, "pack"), Spied(monkeypatch, "unpack")
    scene, here = world(), threading.get_ident()
    async with scene.cache() as first, scene.cache() as second:
        await first.put("small", ["x" * 2_000])
        await until(lambda: len(scene.tier.values) == 1)
        assert await second.get("small") == ["x" * 2_000]
        assert packed.threads == unpacked.threads == [here]
        await first.put("large", ROUGH)
        await until(lambda: len(scene.tier.values) == 2)
        assert await second.get("large") == ROUGH
        assert len(packed.threads) == len(unpacked.threads) == 2
        assert here not in (packed.threads[1], unpacked.threads[1])


@in_loop
async def test_a_removal_while_a_value_is_packed_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """G6, G7: what was loaded before a removal and is still being packed when that comes is never in Redis."""
    packed, scene = Spied(monkeypatch, "pack"), world()
    async with scene.cache() as cache, scene.cache() as other:
        packed.gate.clear()
        await cache.put("k", LARGE)
        await until(lambda: packed.threads)
        await cache.remove("k")
        packed.gate.set()
        await cache._engine.shared.filled()  # type: ignore[union-attr]  # this cache has one
        assert await other.get("k", "gone") == "gone"
        assert scene.tier.values == {}


@in_loop
async def test_a_small_new_value_is_not_replaced_by_a_large_old_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """G7: a fill that is late because it was packed does not replace a newer value."""
    packed, scene = Spied(monkeypatch, "pack"), world()
    async with scene.cache() as cache, scene.cache() as other:
        packed.gate.clear()
        await cache.put("k", LARGE)
        await until(lambda: packed.threads)
        await cache.put("k", "new")
        await until(lambda: scene.tier.values)
        packed.gate.set()
        await cache._engine.shared.filled()  # type: ignore[union-attr]  # this cache has one
        assert await other.get("k") == "new"


@in_loop
async def test_a_value_that_was_packed_for_too_long_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """G7: what is packed later than a tombstone lives is not sent."""
    packed, scene = Spied(monkeypatch, "pack"), world()
    async with scene.cache(max_fill_delay=60) as cache:
        packed.gate.clear()
        await cache.put("k", LARGE)
        await until(lambda: packed.threads)
        scene.clock.pass_by(61)
        packed.gate.set()
        await until(lambda: cache.stats.fills_dropped == 1)
        assert scene.tier.values == {}


@in_loop
async def test_damage_is_a_miss_in_another_thread_too() -> None:
    """G16: large bytes that were changed are counted and loaded again."""
    scene = world()
    async with scene.cache() as first, scene.cache() as second:
        await first.put("k", ROUGH)
        await until(lambda: scene.tier.values)
        name, (stored, until_when) = next(iter(scene.tier.values.items()))
        assert len(stored.payload) > UNPACKS_ASIDE
        changed = stored.payload[:-9] + b"x" + stored.payload[-8:]
        scene.tier.values[name] = (type(stored)(changed, stored.as_of, stored.born), until_when)
        assert await second.get_or_load("k", Source()) == "v0"
        assert second.stats.damaged == 1


@in_loop
async def test_work_aside_is_bounded_and_its_errors_arrive() -> None:
    """At most two at once; an error is raised where the work was asked for; leaving harms nobody."""
    aside, running, most = Aside(2), 0, 0
    gate = threading.Event()

    def work() -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        gate.wait(30)
        running -= 1
        return "done"

    def fails() -> str:
        raise ValueError("work")

    tasks = [asyncio.create_task(aside.run(work)) for _ in range(5)]
    await until(lambda: running == 2)
    tasks[0].cancel()
    gate.set()
    left, *others = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(left, asyncio.CancelledError)
    assert others == ["done"] * 4
    assert most <= 3, "the one that was left goes on beside the next"
    with pytest.raises(ValueError, match="work"):
        await aside.run(fails)
