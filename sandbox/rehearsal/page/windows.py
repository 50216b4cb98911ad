"""The freeze windows as bars on one time line in UTC, with what the calendar showed at the end."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.rehearsal.course import Window, shown, span_of
from sandbox.rehearsal.page.markup import Markup, element, joined
from sandbox.rehearsal.weekend import Weekend

STEPS = tuple(timedelta(hours=hours) for hours in (3, 6, 12, 24, 48, 96, 168, 336))
MOST_TICKS = 6


def section(weekend: Weekend) -> Markup:
    """A bar a window and a mark for every instant that the calendar was set to; nothing without windows."""
    if not weekend.windows:
        return Markup()
    marks = shown(weekend.course.jumps)
    first, last = span_of(weekend.windows)
    first, last = min([first, *marks]), max([last, *marks])
    span = (last - first) or timedelta(hours=1)

    def across(at: datetime) -> float:
        return round(100 * ((at - first) / span), 2)

    rows = [
        _row(window, across(window.start), across(window.end), [across(at) for at in marks])
        for window in weekend.windows
    ]
    labels = (
        element("span", element("b", f"{at:%H:%M}"), Markup("<br>"), f"{at:%d %b}", style=f"left:{across(at)}%")
        for at in ticks(first, last)
    )
    told = ", ".join(f"{at:%a %d %b %H:%M:%S}" for at in marks)
    return joined(
        *rows,
        element("div", element("span", "UTC", class_="small"), element("div", *labels, class_="ticks"), class_="span"),
        element("p", f"The lines mark what the calendar was set to (UTC): {told}.", class_="small") if marks else "",
    )


def ticks(first: datetime, last: datetime) -> list[datetime]:
    """At most six full hours of the day between two instants, evenly apart."""
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
    for step in STEPS:
        count = int((last - midnight) / step)
        found = [one for one in (midnight + number * step for number in range(count + 1)) if one >= first]
        if len(found) <= MOST_TICKS:
            return found
    return [first, last]


def _row(window: Window, left: float, right: float, marks: list[float]) -> Markup:
    bar = element(
        "i",
        style=f"left:{left}%;width:{round(right - left, 2)}%",
        title=f"{window.rule}: {window.start:%d %b %H:%M} to {window.end:%d %b %H:%M} UTC",
    )
    lines = (element("u", style=f"left:{mark}%") for mark in marks)
    words = f"{window.start:%d %b %H:%M} to {window.end:%d %b %H:%M} UTC; at the venue {window.local} ({window.zone})"
    return joined(
        element("div", element("b", window.name), element("div", bar, *lines, class_="track"), class_="span window"),
        element("div", element("span"), element("span", words, class_="small"), class_="span"),
    )
