"""What a person sees while a rehearsal runs and at its end: colours on a terminal, the same words without elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.text import Text

from sandbox.rehearsal import screen_parts
from sandbox.rehearsal.course import Window
from sandbox.rehearsal.report import Report
from sandbox.rehearsal.text_bars import PLAIN, Letters, TimeLine

TITLES = {
    "calendar": "the calendar against the reviewed table",
    "start": "a cloud starts, Pulumi provisions it, agents push windows",
    "obey": "POPs obey what was declared, knob by knob",
    "warm": "every page at every POP, then the guests arrive",
    "crowd": "the guests are watched, and a thousand more come at once",
    "again": "a second `up` changes nothing",
    "purge": "one tag, every tier",
    "freeze": "the freeze begins by the clock, with nobody there",
    "pace": "a guest asks the origin, before anything is warmed",
    "agree": "the engine's state, the inventory and the vendors, side by side",
    "owners": "owners change their pages inside their windows, watched in every city",
    "glass": "two persons break the glass, once",
    "loss": "the home region dies on the Saturday",
    "home": "after the window the region is home again",
    "laptop": "a laptop dies in the middle; another one with an empty disk finishes",
    "unprotect": "protection holds until an `up` takes it off",
    "destroy": "everything declared is destroyed",
    "end": "everything ends",
}


WIDEST = 100
"""Letters: a line that is longer is hard to read."""
INDENT = " " * 9


class Screen:
    """Writes to one console, which may be any number of letters wide; nothing is told by a colour alone."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._line: TimeLine | None = None
        self._told: tuple[datetime, tuple[bool, ...]] | None = None

    def open(self, seed: int, engine: str) -> None:
        """The first line."""
        self._print(
            Text("wedcache rehearsal", style="bold").append(f"  seed {seed}, engine {engine}", style="not bold")
        )

    def tell(self, line: str) -> None:
        """A remark inside a phase."""
        self._print(Text(f"{INDENT}{line}", style="dim"))

    def phase(self, name: str, seconds: float) -> None:
        """A phase is over."""
        line = Text(f"{seconds:6.1f} s", style="cyan").append(f" {name:<9}", style="bold not cyan")
        self._print(line.append(f" {TITLES.get(name, '')}", style="default"))

    def hear(self, kind: str, facts: Mapping[str, Any]) -> None:
        """A finding was written down: the time line is drawn anew where the calendar moved far or into a window."""
        if kind == "world":
            windows = sorted((Window.from_json(row) for row in facts["windows"]), key=lambda one: (one.start, one.rule))
            first, last = (datetime.fromisoformat(facts[name]).astimezone(UTC) for name in ("begins", "over"))
            width = min(self._console.width, WIDEST)
            self._line = TimeLine(windows, first, last, width, self._letters()) if windows else None
        elif kind == "clock" and self._line is not None:
            at = datetime.fromisoformat(facts["at"]).astimezone(UTC)
            held = tuple(window.holds_at(at) for window in self._line.windows)
            if self._told is None or held != self._told[1] or abs(at - self._told[0]) >= timedelta(hours=1):
                self._draw(self._line, at)
            self._told = at, held

    def close(self, report: Report, place: str) -> None:
        """The time line, what was refused, the failover's phases, the claims, and where the report lies."""
        weekend = report.weekend
        if self._line is not None and self._told is not None:
            line = replace(self._line, width=self._line.width - 4)  # the frame takes four letters
            self._under("the freeze windows, and where the calendar ended", Group(*self._drawn(line, self._told[0])))
        if weekend.refusals:
            self._under("refused, and why", screen_parts.refused(weekend.refusals))
        if weekend.failover:
            self._under("the failover: taken of planned", screen_parts.failover(weekend.failover))
        count = sum(finding.true for _, finding in report.findings)
        title = f"{count} of {len(report.findings)} claims true in {report.seconds:.0f} s"
        self._under(title, screen_parts.claims(report.findings), "green" if report.all_true else "red")
        if report.broken:
            self._print(Text("broken off: ", style="red").append(report.broken, style="default"))
        self._print(Text(f"report: {place}"))

    def _under(self, title: str, part: RenderableType, style: str = "dim") -> None:
        self._print(Panel(part, title=Text(title), border_style=style, width=min(self._console.width, WIDEST)))

    def _draw(self, line: TimeLine, now: datetime) -> None:
        for one in self._drawn(line, now):
            self._print(one)

    def _drawn(self, line: TimeLine, now: datetime) -> list[Text]:
        return [Text(one, no_wrap=True, overflow="crop") for one in line.lines(now)]

    def _letters(self) -> Letters:
        return PLAIN if self._console.options.ascii_only else Letters()

    def _print(self, one: RenderableType) -> None:
        self._console.print(one, soft_wrap=False)
