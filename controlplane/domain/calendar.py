"""The compiled calendar: every freeze window in UTC, with the release of the time zones that it was made with.

It is made once, ahead, and pushed to where it acts. Past `valid_until`, or unreadable, the freeze state is unknown:
never open. Its JSON is in `calendar_json`.
"""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from controlplane.domain.event_days import Span
from controlplane.domain.exposure import Exposure
from controlplane.domain.window import Rule

PLATFORM = "platform"


@dataclass(frozen=True)
class Subject:
    """One wedding as the freeze sees it: its windows and what leads to them."""

    rules: tuple[Rule, ...]
    hosts: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    home: str | None = None
    cell: str = "default"


@dataclass(frozen=True)
class Provenance:
    """Which calendar this is. `epoch` grows by one at each publication; 0 was never published."""

    epoch: int
    tzdata: str
    tzdata_source: Literal["pinned", "system"]
    compiled_at: datetime
    valid_until: datetime


class Timeline:
    """The windows of one scope, arranged for bisecting: their union, their event days, and the rules themselves."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = sorted(rules, key=lambda rule: (rule.start, rule.id))
        self._rule_starts = [rule.start for rule in self._rules]
        self._longest = max((rule.end - rule.start for rule in self._rules), default=timedelta(0))
        self.starts, self.ends = _union((rule.start, rule.end) for rule in self._rules)
        self.day_starts, self.day_ends = _union(span for rule in self._rules for span in rule.days)

    def frozen_until(self, at: datetime) -> datetime | None:
        """The end of the windows that hold at `at` without a gap between them; None when none holds."""
        index = bisect_right(self.starts, at) - 1
        return self.ends[index] if index >= 0 and at < self.ends[index] else None

    def next_start(self, at: datetime) -> datetime | None:
        """The start of the next window after `at`; None when there is none."""
        index = bisect_right(self.starts, at)
        return self.starts[index] if index < len(self.starts) else None

    def free_from(self, at: datetime, lasts: timedelta) -> datetime:
        """The first instant from `at` on when something that lasts `lasts` fits between windows."""
        return _fits(self.starts, self.ends, at, lasts)

    def unexposed_from(self, at: datetime, lasts: timedelta) -> datetime:
        """The first instant from `at` on when something that lasts `lasts` fits between event days."""
        return _fits(self.day_starts, self.day_ends, at, lasts)

    def next_exposure_change(self, at: datetime) -> datetime | None:
        """The next instant after `at` at which event days begin or end; None when there is none."""
        index = bisect_right(self.day_ends, at)
        if index == len(self.day_ends):
            return None
        return self.day_starts[index] if at < self.day_starts[index] else self.day_ends[index]

    def exposed_between(self, start: datetime, end: datetime) -> bool:
        """True when an event day touches `[start, end)`, or holds at `start` when both are the same instant."""
        index = bisect_right(self.day_starts, start) - 1
        if index >= 0 and start < self.day_ends[index]:
            return True
        index += 1
        return index < len(self.day_starts) and self.day_starts[index] < end

    def holding(self, at: datetime) -> tuple[Rule, ...]:
        """The rules that hold at `at`, by start."""
        first = bisect_right(self._rule_starts, at - self._longest)
        last = bisect_right(self._rule_starts, at)
        return tuple(rule for rule in self._rules[first:last] if rule.holds_at(at))

    def starting(self, after: datetime, until: datetime) -> tuple[Rule, ...]:
        """The rules that start in `(after, until)`, by start."""
        first, last = bisect_right(self._rule_starts, after), bisect_left(self._rule_starts, until)
        return tuple(self._rules[first:last])


def _fits(starts: list[datetime], ends: list[datetime], at: datetime, lasts: timedelta) -> datetime:
    """The first instant from `at` on with no interval in `[instant, instant + lasts)`."""
    for index in range(bisect_right(ends, at), len(starts)):
        if at < starts[index] and at + lasts <= starts[index]:
            return at
        at = max(at, ends[index])
    return at


def _union(spans: Iterable[tuple[datetime, datetime]]) -> tuple[list[datetime], list[datetime]]:
    starts: list[datetime] = []
    ends: list[datetime] = []
    for start, end in sorted(spans):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        elif start < end:
            starts.append(start)
            ends.append(end)
    return starts, ends


@dataclass(frozen=True)
class Calendar:
    """Every wedding's windows by wedding id, the platform's own, and where they come from.

    `strict`: in a window owners write the critical and high tiers only (the catalogue's `read_only: strict`).
    """

    made: Provenance
    weddings: dict[str, Subject]
    platform: tuple[Rule, ...] = ()
    strict: bool = False

    @functools.cached_property
    def _timelines(self) -> dict[str, Timeline]:
        return {}

    @functools.cached_property
    def slots(self) -> dict[datetime, Span]:
        """The slots found so far, by the Monday of their week; finding one looks at every wedding of the week."""
        return {}

    @functools.cached_property
    def _exposures(self) -> dict[timedelta, Exposure]:
        return {}

    def exposure_in(self, stretch: timedelta) -> Exposure:
        """The event days of every wedding, arranged for stretches of that length; made once for each length."""
        if stretch not in self._exposures:
            days = ([day for rule in subject.rules for day in rule.days] for subject in self.weddings.values())
            self._exposures[stretch] = Exposure(days, stretch)
        return self._exposures[stretch]

    @functools.cached_property
    def by_host(self) -> dict[str, tuple[str, ...]]:
        """Host -> the weddings that it serves (two only while a moved host's old window lasts)."""
        found: dict[str, list[str]] = {}
        for wedding, subject in self.weddings.items():
            for host in subject.hosts:
                found.setdefault(host, []).append(wedding)
        return {host: tuple(weddings) for host, weddings in found.items()}

    def rules_of(self, weddings: Iterable[str]) -> list[Rule]:
        """The windows of `weddings` and those of the whole platform."""
        return [*self.platform, *(rule for wedding in weddings for rule in self.weddings[wedding].rules)]

    def of_wedding(self, wedding: str) -> Timeline | None:
        """The windows that freeze a wedding, the platform's included; None when the calendar does not know it."""
        known = self._timelines.get(wedding)
        if known is None and wedding in self.weddings:
            known = self._timelines[wedding] = Timeline(self.rules_of((wedding,)))
        return known

    def of_vendor(self, vendor: str) -> Timeline:
        """The windows of every wedding that works with the vendor, and the platform's."""
        key = f"vendor:{vendor}"
        if key not in self._timelines:
            touched = (wedding for wedding, subject in self.weddings.items() if vendor in subject.vendors)
            self._timelines[key] = Timeline(self.rules_of(touched))
        return self._timelines[key]

    @functools.cached_property
    def everything(self) -> Timeline:
        """The windows of every wedding and of the platform: what a shared resource touches."""
        return Timeline(self.rules_of(self.weddings))

    @functools.cached_property
    def platform_only(self) -> Timeline:
        """The platform-wide windows alone."""
        return Timeline(self.platform)
