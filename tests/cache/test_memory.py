"""What memory refuses, and the small pure parts beside it."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache import Settings, TagWindow, WindowTable
from controlplane.cache.cap import RefreshCap
from controlplane.cache.entry import Entry
from controlplane.cache.memory import Memory
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput
from tests.cache.scene import in_loop, world


def entry(size: int = 10, started: float = 0.0, n: int = 1) -> Entry:
    """An entry of some size."""
    return Entry.of("v", ("*",), Position("e", n), started, 60, 60, 120, Tier.LOW, size)


def test_an_older_load_never_replaces_a_newer_one() -> None:
    """Whatever arrives late: as-of decides, then when the load began."""
    memory = Memory(9, 10_000)
    newer = entry(n=2)
    assert memory.put("a", newer)
    assert not memory.put("a", entry(n=1, started=9.0))
    assert memory.get("a") is newer
    assert memory.put("a", entry(n=2, started=1.0))


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_the_cap_is_kept_over_every_second(pauses: list[float]) -> None:
    """At most one second's worth at once, and the rate over any longer time."""
    cap, now, taken = RefreshCap(10), 0.0, 0
    for pause in pauses:
        now += pause
        taken += cap.take(now)
    assert taken <= 10 + 10 * now + 1e-6


@pytest.mark.parametrize(
    "wrong", [{"max_entries": 0}, {"throttle": -1}, {"blind_max": float("nan")}, {"blind_max_erasable": 1.0}]
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    """A setting below zero, not a number, or out of order is BadInput."""
    with pytest.raises(BadInput):
        Settings(**wrong)  # type: ignore[arg-type]  # the values are of each setting's type at run time


def test_a_window_needs_an_offset() -> None:
    """A naive instant is refused, and the former windows stay."""
    table = WindowTable()
    naive = datetime(2027, 6, 12)  # noqa: DTZ001 (the point of the test)
    with pytest.raises(BadInput):
        table.replace([TagWindow("wedding:como", naive, naive)])


@in_loop
async def test_a_value_that_is_too_large_for_the_second_tier_stays_in_memory() -> None:
    """Above the guard a value is kept here, not sent, and counted."""
    scene = world()

    async def large(context: object) -> bytes:
        return b"x" * 2000

    async with scene.cache(max_value_bytes=1000) as cache:
        await cache.get_or_load("k", large)
        assert cache.peek("k") == b"x" * 2000
        assert cache.stats.oversized == 1
    assert not scene.tier.values
