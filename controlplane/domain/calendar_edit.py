"""Editing the calendar is a door too: a window that is in force can be extended by an edit, never shortened.

While a rule is in its lead or window, the union of old and new holds until the old end. Lifting it is break-glass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from controlplane.domain.calendar import PLATFORM, Calendar, Subject, Timeline
from controlplane.domain.instant import zulu
from controlplane.domain.window import Rule

READ_ONLY = "read_only"
"""What a refusal to switch off `read_only: strict` is called by, where others have a rule's id."""


@dataclass(frozen=True)
class EditRefusal:
    """A part of an edit that was not taken over: the rule in force, whose it is, and until when it is kept."""

    subject: str
    rule: str
    kept_until: datetime
    text: str


@dataclass(frozen=True)
class Change:
    """What an edit does to one rule. `in_force`: the old rule holds at the time of the edit."""

    kind: Literal["added", "removed", "moved"]
    subject: str
    rule: str
    old: Rule | None
    new: Rule | None
    in_force: bool


def merge_edit(old: Calendar, new: Calendar, at: datetime) -> tuple[Calendar, list[EditRefusal]]:
    """The calendar to publish at `at` when `old` is published and `new` is wanted, and what of the edit was refused.

    It has everything of `new`; each rule of `old` that holds at `at` stays in force until its old end, also when its
    wedding is gone or its hosts have moved. Its epoch is the next one.
    """
    refusals: list[EditRefusal] = []
    platform = _kept(PLATFORM, old.platform, new.platform, at, refusals)
    weddings = dict(new.weddings)
    for name, before in old.weddings.items():
        active = tuple(rule for rule in before.rules if rule.holds_at(at))
        if not active:
            continue
        after = weddings.get(name) or Subject((), home=before.home, cell=before.cell)
        rules = _kept(f"wedding:{name}", active, after.rules, at, refusals)
        hosts, vendors = _joined(after.hosts, before.hosts), _joined(after.vendors, before.vendors)
        weddings[name] = replace(after, rules=rules, hosts=hosts, vendors=vendors)
    strict = new.strict
    until = old.everything.frozen_until(at)
    if old.strict and not strict and until is not None:
        strict = True
        text = f"read_only: strict holds while a window is in force, until {zulu(until)}: an edit can only extend it"
        refusals.append(EditRefusal(PLATFORM, READ_ONLY, until, text))
    epoch = max(old.made.epoch + 1, new.made.epoch)
    return Calendar(replace(new.made, epoch=epoch), weddings, platform, strict), refusals


def lift(calendar: Calendar, rules: Collection[str], at: datetime) -> Calendar:
    """`calendar` in which the named rules that hold at `at` have just ended; its epoch is the next one.

    The event days stay: lifting a freeze does not make a wedding's guests go home, so exposure counts them.
    """
    weddings = {
        name: replace(subject, rules=_ended(subject.rules, rules, at)) for name, subject in calendar.weddings.items()
    }
    made = replace(calendar.made, epoch=calendar.made.epoch + 1)
    return Calendar(made, weddings, _ended(calendar.platform, rules, at), calendar.strict)


def _ended(rules: tuple[Rule, ...], named: Collection[str], at: datetime) -> tuple[Rule, ...]:
    if not any(rule.id in named and rule.holds_at(at) for rule in rules):
        return rules
    left = []
    for rule in rules:
        if rule.id not in named or not rule.holds_at(at):
            left.append(rule)
        elif rule.start < at:
            local = at.astimezone(datetime.fromisoformat(rule.local_end).tzinfo).isoformat()
            left.append(replace(rule, end=at, local_end=local))
    return tuple(left)


def changes(old: Calendar, new: Calendar, at: datetime) -> list[Change]:
    """What differs between the windows of two calendars, by subject and start; renamed zones alone are no change."""
    found: list[Change] = []
    for subject in sorted({PLATFORM, *old.weddings, *new.weddings}):
        before, after = ({rule.id: rule for rule in _rules(calendar, subject)} for calendar in (old, new))
        name = subject if subject == PLATFORM else f"wedding:{subject}"
        for rule_id in [*before, *(rule_id for rule_id in after if rule_id not in before)]:
            was, now = before.get(rule_id), after.get(rule_id)
            in_force = was is not None and was.holds_at(at)
            if was is None or now is None:
                found.append(Change("added" if was is None else "removed", name, rule_id, was, now, in_force))
            elif (was.start, was.end) != (now.start, now.end):
                found.append(Change("moved", name, rule_id, was, now, in_force))
    return found


def _rules(calendar: Calendar, subject: str) -> tuple[Rule, ...]:
    if subject == PLATFORM:
        return calendar.platform
    return calendar.weddings[subject].rules if subject in calendar.weddings else ()


def _kept(
    subject: str, old: Iterable[Rule], new: Sequence[Rule], at: datetime, refusals: list[EditRefusal]
) -> tuple[Rule, ...]:
    rules = {rule.id: rule for rule in new}
    for rule in old:
        if not rule.holds_at(at) or _covers(rules.values(), rule, at):
            continue
        same = rules.pop(rule.id, None)
        if same is None:
            rules[rule.id] = rule
        elif same.start <= rule.end and rule.start <= same.end:
            rules[rule.id] = _joint(rule, same)
        else:
            rules[rule.id], rules[f"{rule.id}-{zulu(same.start)}"] = (
                rule,
                replace(same, id=f"{rule.id}-{zulu(same.start)}"),
            )
        text = f"{rule.id} is in force until {zulu(rule.end)}: an edit can only extend it; it is kept until then"
        refusals.append(EditRefusal(subject, rule.id, rule.end, text))
    return tuple(sorted(rules.values(), key=lambda rule: (rule.start, rule.id)))


def _covers(rules: Iterable[Rule], active: Rule, at: datetime) -> bool:
    """True when `rules` leave no gap in what remains of `active`."""
    until = Timeline(rules).frozen_until(at)
    return until is not None and until >= active.end


def _joint(old: Rule, new: Rule) -> Rule:
    """One rule over both, in the new one's zone, with both ends where they are later or earlier."""
    first, last = min(old, new, key=lambda rule: rule.start), max(new, old, key=lambda rule: rule.end)
    return replace(
        new,
        start=first.start,
        local_start=first.local_start,
        end=last.end,
        local_end=last.local_end,
        days=tuple(sorted({*old.days, *new.days})),
    )


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
