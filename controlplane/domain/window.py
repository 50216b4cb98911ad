"""Freeze windows of one wedding: from its event days, each at its own venue's zone, to rules in UTC.

A window runs from the first instant of the first event day minus lead to the first instant after the last event day
plus lag, half-open. Days of one leg whose windows touch, overlap or leave less than six hours between them are one
window; legs are never merged, because a person must see whose day it is, in whose local time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo

from controlplane.domain.event_days import Span, day_span

SHORTEST_GAP = timedelta(hours=6)


@dataclass(frozen=True)
class Leg:
    """Event days at one venue. `derived` says that the zone came from the coordinates, not from the catalogue."""

    days: tuple[date, ...]
    zone: str
    rules: tzinfo
    derived: bool = False


@dataclass(frozen=True)
class Rule:
    """One freeze window of one leg. Instants are aware and in UTC; local times carry the venue's offset at the time.

    `days` are the event days inside it, as instants: what exposure counts.
    """

    id: str
    start: datetime
    end: datetime
    local_start: str
    local_end: str
    zone: str
    lead: timedelta
    lag: timedelta
    days: tuple[Span, ...]
    derived: bool = False

    def holds_at(self, at: datetime) -> bool:
        """True in `[start, end)`."""
        return self.start <= at < self.end


def wedding_rules(wedding: str, legs: Sequence[Leg], lead: timedelta, lag: timedelta) -> tuple[Rule, ...]:
    """The rules of a wedding, by start. Gaps of less than six hours between legs are closed by the earlier rule."""
    ids = RuleIds()
    rules = [
        _rule(ids.unique(f"venue:{wedding}:{days[0]}"), leg, days, lead, lag)
        for leg in legs
        for days in _runs(leg, lead, lag)
    ]
    return _closed(sorted(rules, key=lambda rule: rule.start), {leg.zone: leg.rules for leg in legs})


def platform_rule(rule_id: str, start: datetime, end: datetime) -> Rule:
    """A platform-wide window given in UTC: no lead, no lag, every instant of it counts as an event."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    zero = timedelta(0)
    return Rule(rule_id, start, end, _local(start, UTC), _local(end, UTC), "UTC", zero, zero, (Span(start, end),))


def platform_day_rules(name: str, leg: Leg, ids: RuleIds) -> tuple[Rule, ...]:
    """A platform-wide window given as local dates, without lead and lag; `ids` are those of all platform windows."""
    zero = timedelta(0)
    return tuple(_rule(ids.unique(f"platform:{name}"), leg, days, zero, zero) for days in _runs(leg, zero, zero))


class RuleIds:
    """Rule ids given out so far; a second one of the same name ends in `-2`."""

    def __init__(self) -> None:
        self._given: set[str] = set()

    def unique(self, name: str) -> str:
        """`name`, or the first free one of `name-2`, `name-3`, ..."""
        free, count = name, 1
        while free in self._given:
            count += 1
            free = f"{name}-{count}"
        self._given.add(free)
        return free


def _runs(leg: Leg, lead: timedelta, lag: timedelta) -> Iterable[list[date]]:
    """The leg's days in runs that make one window each."""
    run: list[date] = []
    for day in sorted(set(leg.days)):
        if run and day_span(day, leg.rules).start - lead - (day_span(run[-1], leg.rules).end + lag) >= SHORTEST_GAP:
            yield run
            run = []
        run.append(day)
    if run:
        yield run


def _rule(rule_id: str, leg: Leg, days: list[date], lead: timedelta, lag: timedelta) -> Rule:
    spans = tuple(day_span(day, leg.rules) for day in days)
    start, end = spans[0].start - lead, spans[-1].end + lag
    local_start, local_end = _local(start, leg.rules), _local(end, leg.rules)
    return Rule(rule_id, start, end, local_start, local_end, leg.zone, lead, lag, spans, leg.derived)


def _closed(rules: list[Rule], zones: dict[str, tzinfo]) -> tuple[Rule, ...]:
    """`rules` (by start) with each gap of less than six hours given to the rule that ends before it."""
    last = 0
    for index, rule in enumerate(rules):
        if timedelta(0) < rule.start - rules[last].end < SHORTEST_GAP:
            kept = rules[last]
            rules[last] = replace(kept, end=rule.start, local_end=_local(rule.start, zones[kept.zone]))
        if rule.end > rules[last].end:
            last = index
    return tuple(rules)


def _local(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat()
