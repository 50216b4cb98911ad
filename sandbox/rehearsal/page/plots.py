"""What guests felt over time: latency, hit ratio and failures, one above the other, with the events marked."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sandbox.rehearsal.course import Event
from sandbox.rehearsal.page.axes import Scale, decade_ticks, decades, even_ticks
from sandbox.rehearsal.page.markup import Markup, element, joined, number
from sandbox.rehearsal.series import Point, Series
from sandbox.rehearsal.weekend import Weekend

WIDTH, LEFT, RIGHT = 936.0, 62.0, 12.0
FLAG, ROW = 9.0, 21.0
HEIGHT = 150.0
"""Of one plot's drawing, without its axis and the flags above it."""
BELOW = 40.0

TIME = "seconds since the first guest's request"


@dataclass(frozen=True)
class Flag:
    """An event on the plots: its number in the list, its place, and the row of its flag where they crowd."""

    number: int
    event: Event
    x: float
    row: int


def section(weekend: Weekend) -> Markup:
    """Three plots and the list of events; nothing without guests."""
    series = weekend.series
    if len(series.points) < 2:
        return Markup()
    across = Scale(0, series.seconds, LEFT, WIDTH - RIGHT)
    flags = flagged(weekend.events, series, across)
    bands = list(bands_of(weekend, across))
    return joined(
        _framed(
            "Latency", "cacheable pages, milliseconds (logarithmic)", _latency(series, across), flags, across, bands
        ),
        _legend(
            ("line", "median"),
            ("line dashed", "95th percentile"),
            *([("band", "a freeze window is in force")] if bands else []),
        ),
        _framed("Hit ratio", "cacheable pages answered by the POP, %", _hits(series, across), flags, across, bands),
        _framed("Failures", "requests that failed, per second", _failures(series, across), flags, across, bands),
        _legend(("column", "uncached requests: what no cache may answer"), ("line", "cacheable pages")),
        element("h3", "Events"),
        events(weekend, flags),
    )


def flagged(marked: Iterable[Event], series: Series, across: Scale) -> tuple[Flag, ...]:
    """A flag for each event while guests were there, on the first row where it covers no other."""
    ends: list[float] = []
    found: list[Flag] = []
    for count, event in enumerate(marked, 1):
        if not 0 <= event.monotonic - series.began <= series.seconds:
            continue
        x = across(event.monotonic - series.began)
        row = next((row for row, end in enumerate(ends) if end <= x - FLAG), len(ends))
        ends[row : row + 1] = [x + FLAG + 1]
        found.append(Flag(count, event, x, row))
    return tuple(found)


def events(weekend: Weekend, flags: Sequence[Flag]) -> Markup:
    """Every event by its number: when, by either clock, and what it was."""
    drawn = {flag.number for flag in flags}
    rows = [
        element(
            "li",
            element("b", event.name),
            element("span", f" at {_second(event, weekend.series, count in drawn)}", class_="small"),
            element(
                "span", f", the calendar showed {event.at:%a %d %b %H:%M:%S} UTC" if event.at else "", class_="small"
            ),
            value=count,
        )
        for count, event in enumerate(weekend.events, 1)
    ]
    return element("ol", *rows, class_="events")


def _second(event: Event, series: Series, is_drawn: bool) -> str:
    return f"{event.monotonic - series.began:.1f} s" + ("" if is_drawn else " (while no guest was there)")


def bands_of(weekend: Weekend, across: Scale) -> Iterator[tuple[float, float]]:
    """Where any freeze window was in force, as places from left to right."""
    series, jumps = weekend.series, weekend.course.jumps
    edges = [jump[0] for jump in jumps] + [
        event.monotonic for event in weekend.events if event.name.startswith("freeze")
    ]
    ordered = sorted({*edges, series.began, series.began + series.seconds})
    for began, ended in itertools.pairwise(ordered):
        at = weekend.course.at((began + ended) / 2)
        held = at is not None and any(window.holds_at(at) for window in weekend.windows)
        left, right = across(began - series.began), across(ended - series.began)
        if held and right > left:
            yield left, right


Draw = Callable[[float, float], tuple[Iterable[Markup], list[tuple[float, str]]]]
"""Draws between an upper and a lower edge; gives what it drew and its ticks: where, and in which words."""


def _framed(
    title: str, axis: str, draw: Draw, flags: Sequence[Flag], across: Scale, bands: Sequence[tuple[float, float]]
) -> Markup:
    """One plot: bands, grid, drawing, flags above, axes with their units."""
    top = 8 + ROW * (1 + max((flag.row for flag in flags), default=0))
    bottom = top + HEIGHT
    drawn, ticks = draw(top, bottom)
    words = f"{title}: {axis}, over {TIME}"
    picture = element(
        "svg",
        element("title", words),
        *(
            element("rect", class_="band", x=number(a), y=number(top), width=number(b - a), height=HEIGHT)
            for a, b in bands
        ),
        *_across(ticks, axis, top, bottom),
        *_along(across, bottom),
        *(one for flag in flags for one in _flag(flag, bottom)),
        *drawn,
        viewBox=f"0 0 {number(WIDTH)} {number(bottom + BELOW)}",
        role="img",
        aria_label=words,
        class_="plot",
    )
    frame = element("div", picture, class_="wide", tabindex="0", role="group", aria_label=title)
    return joined(element("h3", f"{title}: {axis}"), frame)


def _across(ticks: list[tuple[float, str]], axis: str, top: float, bottom: float) -> Iterator[Markup]:
    for y, words in ticks:
        yield element("line", class_="grid", x1=LEFT, x2=WIDTH - RIGHT, y1=number(y), y2=number(y))
        yield element("text", words, class_="soft tick", x=LEFT - 7, y=number(y + 4), text_anchor="end")
    unit = axis.rpartition(", ")[2].partition(" (")[0]
    middle = number((top + bottom) / 2)
    yield element(
        "text", unit, class_="soft unit", x=12, y=middle, text_anchor="middle", transform=f"rotate(-90 12 {middle})"
    )


def _along(across: Scale, bottom: float) -> Iterator[Markup]:
    yield element("line", class_="axis", x1=LEFT, x2=WIDTH - RIGHT, y1=number(bottom), y2=number(bottom))
    for tick in even_ticks(across.high, 10):
        x = across(tick)
        yield element("line", class_="axis", x1=number(x), x2=number(x), y1=number(bottom), y2=number(bottom + 4))
        yield element("text", f"{tick:g}", class_="soft tick", x=number(x), y=number(bottom + 17), text_anchor="middle")
    middle = number((LEFT + WIDTH - RIGHT) / 2)
    yield element("text", TIME, class_="soft unit", x=middle, y=number(bottom + 34), text_anchor="middle")


def _flag(flag: Flag, bottom: float) -> Iterator[Markup]:
    y, x = 4 + FLAG + ROW * flag.row, number(flag.x)
    title = element("title", f"{flag.number}: {flag.event.name}")
    yield element("line", class_="event", x1=x, x2=x, y1=number(y + FLAG), y2=number(bottom))
    yield element("circle", title, class_="flag", cx=x, cy=number(y), r=FLAG)
    yield element("text", flag.number, class_="flagged", x=x, y=number(y + 4), text_anchor="middle")


def _latency(series: Series, across: Scale) -> Draw:
    values = [one for point in series.points for one in (point.median, point.p95) if one is not None]
    low, high = decades(values)

    def draw(top: float, bottom: float) -> tuple[Iterable[Markup], list[tuple[float, str]]]:
        up = Scale(low, high, bottom, top, is_log=True)
        lines = (
            _line("two", series, across, up, lambda point: point.p95),
            _line("one", series, across, up, lambda point: point.median),
        )
        return lines, [(up(tick), f"{tick:g}") for tick in decade_ticks(low, high)]

    return draw


def _hits(series: Series, across: Scale) -> Draw:
    def draw(top: float, bottom: float) -> tuple[Iterable[Markup], list[tuple[float, str]]]:
        up = Scale(0, 100, bottom, top)
        line = _line(
            "one", series, across, up, lambda point: None if point.from_edge is None else 100 * point.from_edge
        )
        return (line,), [(up(tick), f"{tick}") for tick in (0, 25, 50, 75, 100)]

    return draw


def _failures(series: Series, across: Scale) -> Draw:
    most = max(1.0, *(max(point.bare_failed, point.failed) / series.step for point in series.points))

    def draw(top: float, bottom: float) -> tuple[Iterable[Markup], list[tuple[float, str]]]:
        ticks = even_ticks(most, 4)
        up = Scale(0, max(most, ticks[-1]), bottom, top)
        wide = max(1.5, across(series.step) - across(0) - 1)
        columns = [
            element(
                "rect",
                element("title", f"{point.bare_failed} of {point.bare} uncached requests failed"),
                class_="column",
                x=number(across(point.at)),
                y=number(up(point.bare_failed / series.step)),
                width=number(wide),
                height=number(bottom - up(point.bare_failed / series.step)),
            )
            for point in series.points
            if point.bare_failed
        ]
        line = _line("one", series, across, up, lambda point: point.failed / series.step)
        return (*columns, line), [(up(tick), f"{tick:g}") for tick in ticks]

    return draw


def _line(name: str, series: Series, across: Scale, up: Scale, value: Callable[[Point], float | None]) -> Markup:
    """One line through the middles of the steps; it is interrupted where there is no value."""
    path, pen = "", "M"
    for point in series.points:
        found = value(point)
        if found is None:
            pen = "M"
            continue
        path += f"{pen}{number(across(point.at + series.step / 2))} {number(up(found))}"
        pen = "L"
    return element("path", class_=name, d=path)


def _legend(*entries: tuple[str, str]) -> Markup:
    lines = (element("li", element("span", class_=f"key {name}"), words) for name, words in entries)
    return element("ul", *lines, class_="legend")
