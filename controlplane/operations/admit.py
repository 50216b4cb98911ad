"""The door of commands: one freeze verdict, taken once, under the calendar as last decided or last known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from controlplane.domain import freeze, stack_plan
from controlplane.domain.break_glass import Wanted, plan_of_command
from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_json import CALENDAR_KEY, CalendarUnreadable, from_json
from controlplane.domain.freeze import NOTHING_OBSERVED, Facts
from controlplane.domain.operation import Operation
from controlplane.domain.scope import WEDDINGS_PROJECT, Reach, Scope, of_stack, parse_scope
from controlplane.domain.verdict import Outcome, Verdict
from controlplane.errors import Unavailable
from controlplane.ports.shared_store import SharedStore


def known_calendar(store: SharedStore, last_good: Callable[[], str | None]) -> tuple[Calendar | None, str | None]:
    """The calendar and its text from the shared store, else the last good copy; None if neither can be trusted."""
    try:
        text = store.read(CALENDAR_KEY)
    except Unavailable:
        text = last_good()
    if text is None:
        return None, None
    try:
        return from_json(text), text
    except CalendarUnreadable:
        return None, None


def verdict(
    operation: Operation,
    scope: Scope,
    at: datetime,
    calendar: Calendar | None,
    facts: Facts = NOTHING_OBSERVED,
) -> Verdict:
    """The verdict for a command. See `freeze.verdict`."""
    return freeze.verdict(operation, scope, at, calendar, facts=facts)


def verdicts_of_plan(
    plan: object, at: datetime, calendar: Calendar | None, lasts: timedelta | None = None
) -> list[Verdict]:
    """The verdict on every change of the engine's saved `plan`, in its order. Raises stack_plan.PlanUnreadable.

    Observed from the plan itself: a stack that was never finished, which may be; and whether it also changes what
    weddings share, which a creation alone may not do.
    """
    planned = [(change, parse_scope(f"resource:{change.urn}")) for change in stack_plan.planned_changes(plan)]
    unfinished = {stack for project, stack in stack_plan.unfinished(plan) if project == WEDDINGS_PROJECT}
    shares = any(
        scope.reach is not Reach.WEDDING and change.operation is not Operation.STACK_CREATE for change, scope in planned
    )
    return [
        freeze.verdict(
            change.operation,
            scope,
            at,
            calendar,
            facts=Facts(half_created=scope.name in unfinished, changes_shared=shares),
            lasts=lasts,
        )
        for change, scope in planned
    ]


def wanted_of_plan(plan: object, verdicts: Iterable[Verdict]) -> Wanted:
    """What a grant for `plan` has to fit: its gravest operation, its stacks, its digest, every rule that refuses it.

    Raises stack_plan.PlanUnreadable, also for a plan that changes nothing.
    """
    gravest = stack_plan.gravest(stack_plan.planned_changes(plan))
    if gravest is None:
        raise stack_plan.PlanUnreadable("it changes nothing")
    stacks = tuple(dict.fromkeys(of_stack(*stack).text for stack in stack_plan.planned_stacks(plan)))
    return Wanted(gravest, stacks, stack_plan.plan_digest(plan), _required(verdicts))


def wanted_of_command(verdicts: Sequence[Verdict], what: Iterable[str] = ()) -> Wanted:
    """What a grant for a command has to fit: one operation on the scopes of its `verdicts`, and `what` it is about."""
    operation = verdicts[0].operation
    scopes = tuple(dict.fromkeys(answer.scope.text for answer in verdicts))
    return Wanted(operation, scopes, plan_of_command(operation, scopes, what), _required(verdicts))


def _required(verdicts: Iterable[Verdict]) -> frozenset[str]:
    return frozenset(rule for answer in verdicts if answer.outcome is Outcome.REFUSED for rule in answer.required)
