"""A verdict and how it is told: `wedcache.verdict/1` for scripts, the ways past it for people.

The decision itself is made in `freeze`; what is only needed to tell it is worked out when somebody asks.
"""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from controlplane.domain import slots
from controlplane.domain.break_glass import request_command
from controlplane.domain.calendar import Calendar, Timeline
from controlplane.domain.duration import format_duration
from controlplane.domain.instant import zulu
from controlplane.domain.operation import STACK_CHANGES, Hold, Operation
from controlplane.domain.scope import Reach, Scope
from controlplane.domain.window import Rule

SCHEMA = "wedcache.verdict/1"
_MOST_NAMED = 5


class Outcome(enum.Enum):
    """The four answers."""

    ADMITTED = "ADMITTED"
    REFUSED = "REFUSED"
    ADMITTED_BY_BREAK_GLASS = "ADMITTED_BY_BREAK_GLASS"
    UNKNOWN = "UNKNOWN"


class Reason(enum.Enum):
    """Why an operation was not simply admitted."""

    FREE = "nothing holds it"
    IN_FORCE = "a window is in force"
    RUNS_INTO = "it would not end before the next window starts"
    EXPOSED = "weddings that it serves have an event day, and this is not the week's slot"
    READ_ONLY = "the platform is read_only: strict, and this is not known to be of the critical or high tier"
    CALENDAR_UNKNOWN = "the calendar is missing, unreadable or no longer valid"
    SCOPE_UNKNOWN = "the calendar does not know the wedding"


class Verdict(NamedTuple):
    """The answer to one question. `timeline` is None when the windows of the scope are unknown.

    A tuple, because the fields of a frozen dataclass cost more to set than the decision to make.
    """

    outcome: Outcome
    reason: Reason
    operation: Operation
    scope: Scope
    at: datetime
    lasts: timedelta
    hold: Hold
    timeline: Timeline | None
    calendar: Calendar | None

    @property
    def is_admitted(self) -> bool:
        """True when the operation may start."""
        return self.outcome in (Outcome.ADMITTED, Outcome.ADMITTED_BY_BREAK_GLASS)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules that hold at the instant, one per leg, whatever the outcome."""
        return self.timeline.holding(self.at) if self.timeline else ()

    @property
    def obstacles(self) -> tuple[str, ...]:
        """The ids of all rules that stand against the operation: those that hold and those that it would run into."""
        if self.timeline is None:
            return ()
        ahead = self.timeline.starting(self.at, self.at + self.lasts)
        return tuple(rule.id for rule in (*self.rules, *ahead))

    @property
    def required(self) -> tuple[str, ...]:
        """The rule ids that a grant has to name: all obstacles, or one synthesised rule for many of them."""
        if len(self.obstacles) <= _MOST_NAMED:
            return self.obstacles
        year, week, _ = self.at.isocalendar()
        return (f"platform:{year}-W{week:02}",)

    @property
    def next_transition(self) -> datetime | None:
        """When the freeze state of the scope changes next; None when it is unknown or never does."""
        if self.timeline is None:
            return None
        if self._by_exposure:
            return self.timeline.next_exposure_change(self.at)
        return self.timeline.frozen_until(self.at) or self.timeline.next_start(self.at)

    @property
    def _by_exposure(self) -> bool:
        shared = self.hold is Hold.SHARED and self.scope.reach is Reach.GLOBAL
        return shared and self.calendar is not None and self.calendar.platform_only.frozen_until(self.at) is None

    @property
    def way_past(self) -> tuple[str, ...]:
        """What can be done instead, best first; empty when admitted."""
        if self.outcome is Outcome.UNKNOWN:
            return _ways_past_unknown(self.reason, self.scope)
        return () if self.is_admitted else (*_waits(self), *_instead(self), *_break_glass(self))

    def to_json(self) -> dict[str, Any]:
        """The verdict contract `wedcache.verdict/1`."""
        made = self.calendar.made if self.calendar else None
        return {
            "schema": SCHEMA,
            "verdict": self.outcome.value,
            "operation": self.operation.value,
            "scope": self.scope.text,
            "at": zulu(self.at),
            "rules": [rule_json(rule) for rule in self.rules],
            "next_transition": zulu(self.next_transition) if self.next_transition else None,
            "way_past": list(self.way_past),
            "calendar": {
                "epoch": made.epoch,
                "tzdata": made.tzdata,
                "tzdata_source": made.tzdata_source,
                "valid_until": zulu(made.valid_until),
            }
            if made
            else None,
        }


def rule_json(rule: Rule) -> dict[str, Any]:
    """One rule as the verdict contract shows it."""
    return {
        "id": rule.id,
        "start": zulu(rule.start),
        "end": zulu(rule.end),
        "local_start": rule.local_start,
        "local_end": rule.local_end,
        "zone": rule.zone,
        "lead": format_duration(rule.lead),
        "lag": format_duration(rule.lag),
    }


def _waits(answer: Verdict) -> list[str]:
    timeline = answer.timeline
    if timeline is None:
        return []
    if answer.reason is Reason.EXPOSED and answer.calendar is not None:
        slot = slots.next_slot(answer.calendar, answer.at, answer.lasts)
        free = timeline.unexposed_from(answer.at, answer.lasts)
        return [f"wait until {zulu(free)}", f"use the next slot: {zulu(slot.start)} to {zulu(slot.end)}"]
    wait = f"wait until {zulu(timeline.free_from(answer.at, answer.lasts))}"
    start = timeline.next_start(answer.at)
    if answer.reason is Reason.RUNS_INTO and start is not None:
        ids = ", ".join(rule.id for rule in timeline.starting(answer.at, answer.at + answer.lasts))
        room = f"{ids} starts at {zulu(start)} and the operation may last {format_duration(answer.lasts)}"
        return [
            f"{wait}: {room}",
            f"declare a shorter longest duration (--lasts) if it surely ends before {zulu(start)}",
        ]
    return [wait]


def _instead(answer: Verdict) -> list[str]:
    if answer.scope.reach is Reach.REGION and answer.hold is Hold.SHARED:
        return [f"drain the region, change, verify, return: wedcache drain {answer.scope.name}"]
    if answer.operation is Operation.PURGE_HARD and answer.scope.reach is Reach.WEDDING:
        return ["wedcache purge --replace: fetch, compare, purge, warm again"]
    if answer.operation in (Operation.PURGE_HARD, Operation.PURGE_SOFT, Operation.PURGE_REPLACE):
        return ["wedcache purge --except-frozen: only the weddings that are not in a window"]
    if answer.reason is Reason.READ_ONLY:
        return ["content of the critical and high tiers is written at any time: --tier critical"]
    if answer.hold is Hold.TRAFFIC:
        return ["admitted at once if the standby turns unhealthy"]
    return []


def _break_glass(answer: Verdict) -> list[str]:
    if answer.operation not in STACK_CHANGES:
        return [request_command(answer.operation, [answer.scope.text], answer.required)]
    return [
        "make the plan that a grant is for: WEDCACHE_PLANNING=1 pulumi preview --save-plan plan.json",
        request_command(answer.operation, [answer.scope.text], answer.required, plan="plan.json"),
    ]


def _ways_past_unknown(reason: Reason, scope: Scope) -> tuple[str, ...]:
    if reason is Reason.SCOPE_UNKNOWN:
        return (f"add the wedding {scope.name!r} to the catalogue and publish the calendar, or correct the name",)
    return (
        "publish a calendar that is valid at this instant, or give a catalogue: --catalogue FILE",
        "reads, warming, takedown and failover go on without it",
    )
