"""`wedcache freeze`: which windows there are, which hold, what an edit would change. Needs no store and no network."""

from __future__ import annotations

import difflib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import cyclopts

from controlplane.cli import questions
from controlplane.errors import BadInput

if TYPE_CHECKING:
    from controlplane.domain.calendar import Calendar
    from controlplane.domain.calendar_edit import Change
    from controlplane.domain.window import Rule

app = cyclopts.App(name="freeze", help="Freeze windows: what holds, when and why.")
app.command("controlplane.cli.publishing:push", name="push", help="Publish the calendar to where it acts.")
app.command("controlplane.cli.lifting:lift", name="lift", help="End a window that is in force: break-glass.")
app.command("controlplane.cli.slots:slots", name="slots", help="When what all weddings share may change.")
Output = Literal["text", "json"]
TierName = Literal["critical", "high", "medium", "low"]
_CATALOGUE = Path("catalogue.yaml")


@app.command
def show(
    *, catalogue: Path = _CATALOGUE, wedding: str | None = None, at: str | None = None, output: Output = "text"
) -> int:
    """Print every window, in the venue's time and in UTC; as JSON the compiled calendar (wedcache.calendar/1).

    Parameters
    ----------
    catalogue
        The catalogue's YAML file, or a calendar compiled before (.json).
    wedding
        Only this wedding's windows and the platform's.
    at
        When the calendar is compiled (RFC 3339 with an offset); now by default.
    output
        text or json.
    """
    from controlplane.cli.verdict_text import rule_lines

    calendar = _calendar(catalogue, questions.instant_of(at))
    if wedding is not None:
        _known(calendar, wedding)
        calendar = type(calendar)(
            calendar.made, {wedding: calendar.weddings[wedding]}, calendar.platform, calendar.strict
        )
    if output == "json":
        import json

        from controlplane.domain.calendar_json import to_json

        questions.print_json(json.loads(to_json(calendar)))
        return 0
    rules = sorted(calendar.rules_of(calendar.weddings), key=lambda rule: (rule.start, rule.id))
    lines = [line for rule in rules for line in rule_lines(rule)]
    made = calendar.made
    questions.print_lines([*lines, f"windows: {len(rules)}, tzdata {made.tzdata} ({made.tzdata_source})"])
    return 0


@app.command
def explain(  # noqa: PLR0913  # each is an option of the command line
    *,
    catalogue: Path = _CATALOGUE,
    wedding: str | None = None,
    scope: str | None = None,
    at: str | None = None,
    op: str = "stack-update",
    lasts: str | None = None,
    drained: tuple[str, ...] = (),
    standby_unhealthy: bool = False,
    tier: TierName | None = None,
    output: Output = "text",
) -> int:
    """Say whether an operation may start, which windows hold, and the legal way past them. Ends with 0 for any verdict.

    Parameters
    ----------
    catalogue
        The catalogue's YAML file, or a calendar compiled before (.json).
    wedding
        The wedding that the operation is about (the same as --scope wedding:ID).
    scope
        wedding:ID, vendor:ID, region:NAME, platform or resource:URN.
    at
        The instant (RFC 3339 with an offset); now by default.
    op
        The operation; stack-update by default.
    lasts
        Its declared longest duration, as 90m; its own by default.
    drained
        Suppose that this region is drained.
    standby_unhealthy
        Suppose that the standby is unhealthy.
    tier
        The tier of what an owner writes (content-update): critical, high, medium or low.
    output
        text or json.
    """
    from controlplane.cli.verdict_text import NOT_COVERED, verdict_lines
    from controlplane.domain import freeze
    from controlplane.domain.tier import Tier

    if (wedding is None) == (scope is None):
        raise BadInput("say what it is about: --wedding ID or --scope SCOPE, one of them")
    instant = questions.instant_of(at)
    about = questions.scope_of(scope if scope is not None else f"wedding:{wedding}")
    operation, longest = questions.operation_of(op), questions.duration_of(lasts)
    calendar = _calendar(catalogue, instant)
    if wedding is not None:
        _known(calendar, wedding)
    written = Tier(tier) if tier else None
    facts = freeze.Facts(drained=frozenset(drained), standby_unhealthy=standby_unhealthy, tier=written)
    answer = freeze.verdict(operation, about, instant, calendar, facts=facts, lasts=longest)
    if output == "json":
        questions.print_json(answer.to_json())
    else:
        questions.print_lines([*verdict_lines(answer), NOT_COVERED])
    return 0


@app.command
def diff(
    *,
    against: Path,
    catalogue: Path = _CATALOGUE,
    at: str | None = None,
    against_tzdata: Literal["pinned", "system"] = "pinned",
    output: Output = "text",
) -> int:
    """Print what an edit, or another release of the time zones, changes; and what of it the door would not take now.

    Parameters
    ----------
    against
        The catalogue as it was (YAML), or the published calendar (.json, as `freeze show --output json` writes it).
    catalogue
        The catalogue as it shall be.
    at
        When the edit is made (RFC 3339 with an offset); now by default.
    against_tzdata
        Compile `against` with the pinned time zones, or with the machine's own.
    output
        text or json.
    """
    from controlplane.adapters.system import tzdata
    from controlplane.domain.calendar_edit import changes, merge_edit

    instant = questions.instant_of(at)
    try:
        old_zones = tzdata.pinned() if against_tzdata == "pinned" else tzdata.system()
    except OSError as why:
        raise BadInput(f"--against-tzdata system: this machine has no readable time zone files ({why})") from why
    old, new = _calendar(against, instant, old_zones), _calendar(catalogue, instant)
    found = changes(old, new, instant)
    _, refusals = merge_edit(old, new, instant)
    if output == "json":
        refused = [{"subject": r.subject, "rule": r.rule, "kept_until": _zulu(r.kept_until)} for r in refusals]
        questions.print_json(
            {
                "schema": "wedcache.freeze-diff/1",
                "at": _zulu(instant),
                "tzdata": {"old": old.made.tzdata, "new": new.made.tzdata},
                "changes": [_change_json(change) for change in found],
                "refused": refused,
            }
        )
        return 0
    lines = [line for change in found for line in _change_lines(change)]
    lines += [f"not taken now: {refusal.text}" for refusal in refusals]
    lines.append(f"windows that change: {len(found)} (tzdata {old.made.tzdata} -> {new.made.tzdata})")
    questions.print_lines(lines)
    return 0


def _calendar(path: Path, at: datetime, zones: Any = None) -> Calendar:
    from controlplane.adapters.system import catalogue_file

    return catalogue_file.calendar(path, at, zones)


def _known(calendar: Calendar, wedding: str) -> None:
    if wedding not in calendar.weddings:
        near = difflib.get_close_matches(wedding, calendar.weddings, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(sorted(calendar.weddings)[:10]) or 'none'}"
        raise BadInput(f"--wedding {wedding!r} is not in the catalogue; {hint}")


def _zulu(at: datetime) -> str:
    from controlplane.domain.instant import zulu

    return zulu(at)


def _change_json(change: Change) -> dict[str, Any]:
    def times(rule: Rule | None) -> dict[str, str] | None:
        return None if rule is None else {"start": _zulu(rule.start), "end": _zulu(rule.end), "zone": rule.zone}

    return {
        "kind": change.kind,
        "subject": change.subject,
        "rule": change.rule,
        "in_force": change.in_force,
        "old": times(change.old),
        "new": times(change.new),
    }


def _change_lines(change: Change) -> list[str]:
    lines = [f"{change.kind} {change.rule} ({change.subject}){', in force now' if change.in_force else ''}"]
    for sign, rule in (("-", change.old), ("+", change.new)):
        if rule is not None:
            lines.append(f"  {sign} {_zulu(rule.start)} to {_zulu(rule.end)}  {rule.zone}")
    return lines
