"""A verdict and a window as a person reads them at 3 a.m.: what, until when, why, and the legal way past it."""

from __future__ import annotations

from controlplane.domain.duration import format_duration
from controlplane.domain.instant import zulu
from controlplane.domain.verdict import Outcome, Verdict
from controlplane.domain.window import Rule

_MOST_RULES = 20
NOT_COVERED = "not covered by any verdict: the vendors' consoles, pulumi state, pulumi import, pulumi stack rm --force"


def verdict_lines(answer: Verdict) -> list[str]:
    """The whole verdict."""
    lines = [f"{answer.outcome.value}: {answer.operation.value} on {answer.scope} at {zulu(answer.at)}"]
    if answer.outcome is not Outcome.ADMITTED:
        lines.append(f"because {answer.reason.value}")
    lines += [f"  {line}" for rule in answer.rules[:_MOST_RULES] for line in rule_lines(rule)]
    if len(answer.rules) > _MOST_RULES:
        lines.append(f"  ... and {len(answer.rules) - _MOST_RULES} more windows (--output json names them)")
    if not answer.rules and answer.timeline is not None:
        lines.append("  no window holds at that instant")
    if answer.next_transition:
        lines.append(f"next transition: {zulu(answer.next_transition)}")
    if answer.way_past:
        lines += ["ways past it:", *(f"  - {way}" for way in answer.way_past)]
    if answer.calendar:
        made = answer.calendar.made
        lines.append(
            f"calendar: epoch {made.epoch}, tzdata {made.tzdata} ({made.tzdata_source}),"
            f" valid until {zulu(made.valid_until)}"
        )
    return lines


def rule_lines(rule: Rule) -> list[str]:
    """One window, in the venue's local time and in UTC."""
    zone = f"{rule.zone} (derived from the venue's place)" if rule.derived else rule.zone
    hours = format_duration(rule.end - rule.start)
    return [
        f"{rule.id}  {_local(rule.local_start)} to {_local(rule.local_end)}  {zone}",
        f"    {zulu(rule.start)} to {zulu(rule.end)}  {hours}, lead {format_duration(rule.lead)},"
        f" lag {format_duration(rule.lag)}",
    ]


def _local(written: str) -> str:
    return written.replace("T", " ")
