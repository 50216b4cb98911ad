"""The door of commands: one freeze verdict, taken once, under the calendar as last decided or last known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from controlplane.domain import freeze
from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_json import CALENDAR_KEY, CalendarUnreadable, from_json
from controlplane.domain.freeze import NOTHING_OBSERVED, Facts
from controlplane.domain.operation import Operation
from controlplane.domain.scope import Scope
from controlplane.domain.verdict import Verdict
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
