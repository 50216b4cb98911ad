"""Publishes a calendar to the shared store, from where the agents push it: an edit is a door."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_edit import EditRefusal, lift, merge_edit
from controlplane.domain.calendar_json import CALENDAR_KEY, CalendarUnreadable, from_json, to_json
from controlplane.errors import FreezeUnknown
from controlplane.ports.shared_store import SharedStore


@dataclass(frozen=True)
class Published:
    """The calendar as it was stored, and what of the edit was not followed because a window is in force."""

    calendar: Calendar
    kept: tuple[EditRefusal, ...]


def publish_calendar(store: SharedStore, wanted: Calendar, at: datetime) -> Published:
    """Store `wanted`, extended by whatever is in its lead or window now. Safe to run again.

    Raises Unavailable, and FreezeUnknown where the stored calendar cannot be read: what is in force is unknown then.
    """
    kept: list[EditRefusal] = []

    def update(text: str | None) -> str:
        kept.clear()
        try:
            old = from_json(text) if text is not None else None
        except CalendarUnreadable as error:
            raise FreezeUnknown(
                f"the published calendar cannot be read, so nobody knows what is in force: {error}",
                next_step="bring the register `calendar` of the shared store back from a bucket's older version",
            ) from error
        merged = wanted
        if old is not None:
            merged, refusals = merge_edit(old, wanted, at)
            kept.extend(refusals)
        epoch = max((old.made.epoch if old else 0) + 1, wanted.made.epoch)
        return to_json(replace(merged, made=replace(merged.made, epoch=epoch)))

    text = store.change(CALENDAR_KEY, update)
    assert text is not None  # noqa: S101  (update always gives a text)
    return Published(from_json(text), tuple(kept))


def lift_rules(store: SharedStore, rules: Collection[str], at: datetime) -> Calendar:
    """End the named rules of the published calendar now; gives the calendar as stored. Safe to run again.

    The caller has broken the glass for it. Raises Unavailable, and FreezeUnknown without a readable calendar.
    """

    def update(text: str | None) -> str:
        try:
            return to_json(lift(from_json(text or ""), rules, at))
        except CalendarUnreadable as error:
            raise FreezeUnknown(f"the published calendar cannot be read: {error}") from error

    text = store.change(CALENDAR_KEY, update)
    assert text is not None  # noqa: S101  (update always gives a text)
    return from_json(text)
