"""The calendar on the wire (`wedcache.calendar/1`): the same text in Redis, in the shared store and in a file.

Reading is strict: what cannot be read completely is unreadable, and an unreadable calendar means unknown, never open.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from controlplane.domain.calendar import Calendar, Provenance, Subject
from controlplane.domain.duration import parse_duration
from controlplane.domain.event_days import Span
from controlplane.domain.instant import parse_instant, zulu
from controlplane.domain.verdict import rule_json
from controlplane.domain.window import Rule

SCHEMA = "wedcache.calendar/1"
CALENDAR_KEY = "calendar"
"""Register of the shared store that holds the calendar in force."""


class CalendarUnreadable(ValueError):
    """The text is not a calendar that we can trust; the message says what is wrong with it."""


def to_json(calendar: Calendar) -> str:
    """The calendar as compact JSON; the same calendar gives the same text."""
    made = calendar.made
    whole = {
        "schema": SCHEMA,
        "epoch": made.epoch,
        "tzdata": made.tzdata,
        "tzdata_source": made.tzdata_source,
        "compiled_at": zulu(made.compiled_at),
        "valid_until": zulu(made.valid_until),
        **({"read_only": "strict"} if calendar.strict else {}),
        "platform": [_written(rule) for rule in calendar.platform],
        "weddings": {name: _subject_json(subject) for name, subject in sorted(calendar.weddings.items())},
    }
    return json.dumps(whole, separators=(",", ":"), ensure_ascii=False)


def from_json(text: str | bytes) -> Calendar:
    """The calendar that `to_json` wrote. Raises CalendarUnreadable for anything else, also for a part of it."""
    try:
        whole = json.loads(text)
        if whole["schema"] != SCHEMA:
            raise CalendarUnreadable(f"schema {whole['schema']!r}, expected {SCHEMA!r}")
        weddings = {str(name): _subject(subject) for name, subject in whole["weddings"].items()}
        platform = tuple(_rule(rule) for rule in whole["platform"])
        return Calendar(_provenance(whole), weddings, platform, strict=_strict(whole.get("read_only")))
    except CalendarUnreadable:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as why:
        raise CalendarUnreadable(f"not a calendar: {type(why).__name__}: {why}") from why


def _provenance(whole: Mapping[str, Any]) -> Provenance:
    epoch, source = whole["epoch"], whole["tzdata_source"]
    if type(epoch) is not int or epoch < 0:
        raise CalendarUnreadable(f"epoch {epoch!r} is not a count")
    if source not in ("pinned", "system"):
        raise CalendarUnreadable(f"tzdata_source {source!r}")
    times = _instant(whole["compiled_at"]), _instant(whole["valid_until"])
    return Provenance(epoch, _text(whole["tzdata"]), source, *times)


def _subject_json(subject: Subject) -> dict[str, Any]:
    return {
        "hosts": list(subject.hosts),
        "vendors": list(subject.vendors),
        "home": subject.home,
        "cell": subject.cell,
        "rules": [_written(rule) for rule in subject.rules],
    }


def _subject(whole: Mapping[str, Any]) -> Subject:
    home = whole["home"]
    return Subject(
        rules=tuple(_rule(rule) for rule in whole["rules"]),
        hosts=tuple(_text(host) for host in _list(whole["hosts"])),
        vendors=tuple(_text(vendor) for vendor in _list(whole["vendors"])),
        home=None if home is None else _text(home),
        cell=_text(whole["cell"]),
    )


def _written(rule: Rule) -> dict[str, Any]:
    days = [[zulu(day.start), zulu(day.end)] for day in rule.days]
    return {**rule_json(rule), "derived": rule.derived, "days": days}


def _rule(whole: Mapping[str, Any]) -> Rule:
    rule = Rule(
        id=_text(whole["id"]),
        start=_instant(whole["start"]),
        end=_instant(whole["end"]),
        local_start=_local(whole["local_start"]),
        local_end=_local(whole["local_end"]),
        zone=_text(whole["zone"]),
        lead=_length(whole["lead"]),
        lag=_length(whole["lag"]),
        days=tuple(Span(_instant(start), _instant(end)) for start, end in _list(whole["days"])),
        derived=whole["derived"] is True,
    )
    if rule.end <= rule.start:
        raise CalendarUnreadable(f"rule {rule.id!r} ends before it starts")
    return rule


def _strict(read_only: object) -> bool:
    if read_only not in (None, "strict"):
        raise CalendarUnreadable(f"read_only {read_only!r}")
    return read_only == "strict"


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise CalendarUnreadable(f"{value!r} is not a text")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise CalendarUnreadable(f"{value!r} is not a list")
    return value


# Weddings share their Saturdays and zones: of 50,000 weddings' instants a few thousand differ.
_KEPT = 1 << 15


@functools.lru_cache(_KEPT)
def _instant(text: str) -> datetime:
    return parse_instant(text)


@functools.lru_cache(_KEPT)
def _local(value: str) -> str:
    if datetime.fromisoformat(_text(value)).tzinfo is None:
        raise CalendarUnreadable(f"local time {value!r} has no offset")
    return value


@functools.lru_cache(_KEPT)
def _length(value: str) -> timedelta:
    return parse_duration(_text(value))
