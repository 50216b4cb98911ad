"""The freeze windows as bars of letters on one time line in UTC (pure): as wide as it is told, never wider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.rehearsal.course import Window

LONGEST_NAME = 14
STEPS = tuple(timedelta(hours=hours) for hours in (6, 12, 24, 48, 168))


@dataclass(frozen=True)
class Letters:
    """What bars are drawn with."""

    held: str = "█"
    free: str = "·"
    now: str = "▲"
    more: str = "…"


PLAIN = Letters("#", ".", "^", "~")
"""For a terminal that knows ASCII only."""


@dataclass(frozen=True)
class TimeLine:
    """The windows between two instants (aware, in UTC), drawn in at most `width` letters (at least 40)."""

    windows: Sequence[Window]
    first: datetime
    last: datetime
    width: int
    letters: Letters = Letters()

    def lines(self, now: datetime | None) -> list[str]:
        """A scale, a bar a window, and where the calendar is (None: it was not set yet)."""
        rows = [self._row("UTC", self._scale())]
        rows += [self._row(window.name, self._bar(window)) for window in self.windows]
        return rows if now is None else [*rows, *self._now(now)]

    @property
    def _name(self) -> int:
        return min(LONGEST_NAME, max((len(window.name) for window in self.windows), default=3), 3 + self.width // 10)

    @property
    def _chart(self) -> int:
        return max(self.width, 40) - self._name - 1

    def _row(self, name: str, drawn: str) -> str:
        short = name if len(name) <= self._name else name[: self._name - 1] + self.letters.more
        return f"{short:<{self._name}} {drawn}".rstrip()

    def _place(self, at: datetime) -> int:
        share = (at - self.first) / ((self.last - self.first) or timedelta(hours=1))
        return min(max(int(share * self._chart), 0), self._chart - 1)

    def _bar(self, window: Window) -> str:
        began, ended = self._place(window.start), max(self._place(window.end), self._place(window.start) + 1)
        drawn = [self.letters.held if began <= place < ended else self.letters.free for place in range(self._chart)]
        return "".join(drawn)

    def _scale(self) -> str:
        """Full hours of the day, each where it begins; the finest step of which all but the last have room."""
        drawn = ""
        for step in STEPS:
            drawn, left_out = self._ticks(step)
            if left_out <= 1:
                break
        return drawn

    def _ticks(self, step: timedelta) -> tuple[str, int]:
        """The scale in one step, and how many ticks had no room."""
        midnight = self.first.replace(hour=0, minute=0, second=0, microsecond=0)
        drawn, left_out = "", 0
        for number in range(int((self.last - midnight) / step) + 1):
            tick = midnight + number * step
            words, place = f"|{tick:%d %b}" if tick.hour == 0 else f"|{tick:%H:%M}", self._place(tick)
            if tick < self.first:
                continue
            if (drawn and len(drawn) >= place) or place + len(words) > self._chart:
                left_out += 1
            else:
                drawn = f"{drawn:<{place}}{words}"
        return drawn, left_out

    def _now(self, now: datetime) -> list[str]:
        """The mark, with the words on whichever side has room, otherwise below it."""
        held = ", ".join(window.name for window in self.windows if window.holds_at(now))
        words = f"{now:%a %d %b %H:%M:%S}, {f'in force: {held}' if held else 'no window in force'}"
        if len(words) > self._chart:
            words = words[: self._chart - 1] + self.letters.more
        place, mark = self._place(now), self.letters.now
        if place > len(words):
            return [self._row("now", f"{words:>{place - 1}} {mark}")]
        if place + 2 + len(words) <= self._chart:
            return [self._row("now", f"{' ' * place}{mark} {words}")]
        return [self._row("now", f"{' ' * place}{mark}"), self._row("", words)]
