"""G17: the calendar's windows: their ends, windows that overlap, and values that are touched."""

from __future__ import annotations

from datetime import timedelta

import pytest

from controlplane.cache import Reason, TagWindow, WindowTable
from controlplane.cache.testing import START, FakeRegion
from tests.cache.scene import Source, in_loop

HOUR = timedelta(hours=1)
COMO = ["wedding:como"]


def test_a_window_holds_from_its_start_to_before_its_end() -> None:
    """Its first instant is in it, its end is not."""
    windows = WindowTable([TagWindow("wedding:como", START, START + HOUR)])
    tick = timedelta(microseconds=1)
    instants = (START - tick, START, START + HOUR - tick, START + HOUR)
    assert [windows.is_active(COMO, at) for at in instants] == [False, True, True, False]
    assert windows.physical_until(COMO, START + HOUR) is None


def test_of_several_windows_the_latest_end_counts() -> None:
    """A value lives through all windows of its tags that are near, in whichever order they are told."""
    windows = [
        TagWindow("wedding:como", START, START + 2 * HOUR),
        TagWindow("vendor:fiori", START + HOUR, START + 30 * HOUR),
        TagWindow("wedding:como", START + HOUR, START + 5 * HOUR),
    ]
    for told in (windows, windows[::-1]):
        table = WindowTable(told)
        assert table.physical_until(COMO, START) == START + 5 * HOUR
        assert table.physical_until([*COMO, "vendor:fiori"], START) == START + 30 * HOUR


@in_loop
async def test_what_was_touched_lives_through_the_window_too() -> None:
    """A touch chooses the physical life anew, from the calendar; the copy is there at the window's last hour."""
    region, source = FakeRegion(), Source()
    start = region.clock.now() + 2 * HOUR
    async with region.cache() as cache:
        await cache.get_or_load("k", source, tags=COMO, fresh="60s", stale="60s")
        region.windows.replace([TagWindow("wedding:como", start, start + 30 * HOUR)])
        assert await cache.touch("k")
        source.error = ValueError("down")
        await region.pass_by("1h")
        with pytest.raises(ValueError, match="down"):
            await cache.read("k", source, tags=COMO)
        for _ in range(2):
            await region.pass_by("15h")
            read = await cache.read("k", source, tags=COMO)
            assert (read.value, read.reason) == ("v0", Reason.SATURDAY)
