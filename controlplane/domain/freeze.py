"""The freeze verdict: may this operation, on this scope, start at this instant? One function for every door.

Doors are the command line, the hooks inside the Pulumi program and the gate in CI; they differ in the facts that they
can observe, never in the rule. A freeze stops operators' changes and lets owners', guests' and rescue work pass. What
needs an observation (a region is drained, the standby is unhealthy) is an argument; nothing here looks for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from controlplane.domain import slots
from controlplane.domain.calendar import Calendar, Timeline
from controlplane.domain.operation import Hold, Operation
from controlplane.domain.scope import Reach, Scope
from controlplane.domain.tier import Tier
from controlplane.domain.verdict import Outcome, Reason, Verdict


@dataclass(frozen=True)
class Facts:
    """What was observed when the question was asked; each defaults to what admits less.

    `drained`: regions that serve nobody. `standby_unhealthy`: the region that serves after a failover is failing.
    `half_created`: the wedding's stack was never finished. `changes_shared`: a creation would change a shared resource.
    `shortens`: a calendar edit would end a window earlier. `tier`: of what an owner writes. `granted`: rule ids that a
    verified break-glass grant covers.
    """

    drained: frozenset[str] = frozenset()
    standby_unhealthy: bool = False
    half_created: bool = False
    changes_shared: bool = False
    shortens: bool = False
    tier: Tier | None = None
    granted: frozenset[str] = frozenset()


NOTHING_OBSERVED = Facts()
_ADMITTED = (Outcome.ADMITTED, Reason.FREE)
_ALWAYS_WRITTEN = (Tier.CRITICAL, Tier.HIGH)
_Decision = tuple[Outcome, Reason]


def verdict(
    operation: Operation,
    scope: Scope,
    at: datetime,
    calendar: Calendar | None,
    *,
    facts: Facts = NOTHING_OBSERVED,
    lasts: timedelta | None = None,
) -> Verdict:
    """Whether `operation` on `scope` may start at `at` (aware) under `calendar` (None: missing or unreadable).

    `lasts` is its declared longest duration, by default its row's. What a window would refuse is admitted only if it
    ends before the next window of anything that it touches. The answer is taken once, when the operation starts.
    """
    if at.tzinfo is not UTC:
        at = _utc(at)
    treatment = operation.treatment
    hold = treatment.own if scope.reach is Reach.WEDDING else treatment.shared
    lasts = treatment.longest if lasts is None else lasts
    known = calendar is not None and at < calendar.made.valid_until
    timeline = _timeline(calendar, scope) if calendar is not None and known else None
    outcome, reason = _ADMITTED
    if calendar is None or timeline is None:
        if hold not in (Hold.NEVER, Hold.CALENDAR):
            outcome, reason = Outcome.UNKNOWN, Reason.CALENDAR_UNKNOWN if not known else Reason.SCOPE_UNKNOWN
    elif hold is not Hold.NEVER:
        outcome, reason = _decide(operation, hold, scope, at, at + lasts, calendar, timeline, facts)
    elif calendar.strict and operation is Operation.CONTENT_UPDATE:
        outcome, reason = _strict(timeline, at, facts)
    answer = Verdict(outcome, reason, operation, scope, at, lasts, hold, timeline, calendar)
    if outcome is Outcome.REFUSED and facts.granted and facts.granted.issuperset(answer.required):
        return Verdict(Outcome.ADMITTED_BY_BREAK_GLASS, reason, operation, scope, at, lasts, hold, timeline, calendar)
    return answer


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a verdict needs an instant: a datetime with a zone")
    return at.astimezone(UTC)


def _timeline(calendar: Calendar, scope: Scope) -> Timeline | None:
    if scope.reach is Reach.WEDDING:
        return calendar.of_wedding(scope.name)
    if scope.reach is Reach.VENDOR:
        return calendar.of_vendor(scope.name)
    return calendar.everything  # critical data lives in every region, so one region touches every wedding


def _decide(
    operation: Operation,
    hold: Hold,
    scope: Scope,
    at: datetime,
    end: datetime,
    calendar: Calendar,
    timeline: Timeline,
    facts: Facts,
) -> _Decision:
    if hold is Hold.WINDOW:
        finishing = facts.half_created and operation is Operation.STACK_UPDATE
        return _ADMITTED if finishing else _outside_windows(timeline, at, end)
    if hold is Hold.TRAFFIC:
        return _ADMITTED if facts.standby_unhealthy else _outside_windows(timeline, at, end)
    if hold is Hold.CREATION:
        return _shared(at, end, calendar) if facts.changes_shared else _ADMITTED
    if hold is Hold.CALENDAR:
        in_force = facts.shortens and timeline.frozen_until(at) is not None
        return (Outcome.REFUSED, Reason.IN_FORCE) if in_force else _ADMITTED
    if scope.reach is Reach.GLOBAL:
        return _shared(at, end, calendar)
    drained = scope.reach is Reach.REGION and scope.name in facts.drained
    return _ADMITTED if drained else _outside_windows(timeline, at, end)


def _strict(timeline: Timeline, at: datetime, facts: Facts) -> _Decision:
    """An owner's write on a platform that is `read_only: strict`."""
    writes = facts.tier in _ALWAYS_WRITTEN or timeline.frozen_until(at) is None
    return _ADMITTED if writes else (Outcome.REFUSED, Reason.READ_ONLY)


def _outside_windows(timeline: Timeline, at: datetime, end: datetime) -> _Decision:
    if timeline.frozen_until(at) is not None:
        return Outcome.REFUSED, Reason.IN_FORCE
    start = timeline.next_start(at)
    if start is not None and start < end:
        return Outcome.REFUSED, Reason.RUNS_INTO
    return _ADMITTED


def _shared(at: datetime, end: datetime, calendar: Calendar) -> _Decision:
    """A change of what all share: no platform-wide window, and nobody exposed, or inside the week's slot."""
    outcome, reason = _outside_windows(calendar.platform_only, at, end)
    if outcome is Outcome.REFUSED or not calendar.everything.exposed_between(at, end):
        return outcome, reason
    slot = slots.slot_of_week(calendar, at)
    return _ADMITTED if slot.start <= at and end <= slot.end else (Outcome.REFUSED, Reason.EXPOSED)
