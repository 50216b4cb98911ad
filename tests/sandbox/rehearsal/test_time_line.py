"""The windows as bars of letters: in their places, and never wider than they may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from rich.cells import cell_len

from sandbox.rehearsal.course import Window, windows
from sandbox.rehearsal.text_bars import PLAIN, TimeLine
from tests.sandbox.rehearsal import saturday

FIRST, LAST = datetime(2027, 6, 10, tzinfo=UTC), datetime(2027, 6, 14, tzinfo=UTC)
WINDOWS = windows(saturday.evidence())


def line(width: int, *more: Window) -> TimeLine:
    """The three windows, in letters of ASCII."""
    return TimeLine((*WINDOWS, *more), FIRST, LAST, width, PLAIN)


def test_bars_stand_where_their_windows_are() -> None:
    """With one letter for an hour a bar begins and ends at its hour, and the mark is at the calendar's."""
    scale, ubud, como, tulum, now = line(96 + 6).lines(datetime(2027, 6, 12, 14, 0, tzinfo=UTC))
    assert [bar[6:].index("#") for bar in (ubud, como, tulum)] == [28, 34, 41]
    assert [bar[6:].count("#") for bar in (ubud, como, tulum)] == [42, 42, 42]
    assert now[6:].index("^") == 62
    assert "in force: ubud, como, tulum" in now
    assert scale[6:].index("|11 Jun") == 24
    assert scale.startswith("UTC")


@pytest.mark.parametrize("width", [40, 44, 60, 80, 100])
def test_no_line_is_wider_than_it_may_be(width: int) -> None:
    """At every hour of the weekend and also outside it, with a name that is too long as well."""
    long = Window("platform:x", "a-platform-wide-window-of-everybody", FIRST, LAST, "UTC", "")
    for hour in range(-3, 100):
        lines = line(width, long).lines(FIRST + timedelta(hours=hour))
        assert max(cell_len(one) for one in lines) <= width
        assert sum("^" in one for one in lines) == 1


def test_before_the_calendar_is_set_there_is_no_mark() -> None:
    """The scale and the bars stand alone."""
    assert len(line(80).lines(None)) == 1 + len(WINDOWS)
    assert not any("^" in one for one in line(80).lines(None))


def test_outside_every_window_it_says_so() -> None:
    """Nothing in force is told in words, not by leaving words out."""
    assert "no window in force" in line(80).lines(FIRST)[-1]
