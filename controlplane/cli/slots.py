"""`wedcache freeze slots`: when what all weddings share may change. Needs no store and no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts

from controlplane.cli import questions
from controlplane.errors import BadInput, FreezeUnknown

if TYPE_CHECKING:
    from controlplane.domain.scope import Scope

Output = Literal["text", "json"]


def slots(
    *,
    resource: str = "platform",
    next_: Annotated[str, cyclopts.Parameter(name="--next")] = "14d",
    catalogue: Path = Path("catalogue.yaml"),
    at: str | None = None,
    output: Output = "text",
) -> int:
    """Print the weeks' slots for a shared resource: the least exposed four hours, and how many weddings they expose.

    Parameters
    ----------
    resource
        platform, or a shared resource's URN (resource:URN).
    next_
        How far to look ahead, as 14d.
    catalogue
        The catalogue's YAML file, or a calendar compiled before (.json).
    at
        From when on (RFC 3339 with an offset); now by default.
    output
        text or json (wedcache.slots/1).
    """
    from controlplane.adapters.system import catalogue_file
    from controlplane.domain import slots as domain
    from controlplane.domain.instant import zulu

    instant, ahead = questions.instant_of(at), questions.duration_of(next_, "--next")
    scope = _shared(resource)
    calendar = catalogue_file.calendar(catalogue, instant)
    if instant >= calendar.made.valid_until:
        raise FreezeUnknown(
            f"the calendar was valid until {zulu(calendar.made.valid_until)}: what is exposed after it is unknown",
            next_step="publish the calendar again: wedcache freeze push",
        )
    assert ahead is not None  # noqa: S101  (--next has a default)
    told = domain.report(calendar, scope.text, instant, min(instant + ahead, calendar.made.valid_until))
    if output == "json":
        questions.print_json(told)
    else:
        questions.print_lines(_lines(told))
    return 0


def _shared(resource: str) -> Scope:
    from controlplane.domain.scope import Reach

    text = f"resource:{resource}" if resource.startswith("urn:pulumi:") else resource
    scope = questions.scope_of(text, "--resource")
    if scope.reach is not Reach.GLOBAL:
        raise BadInput(
            f"--resource {resource}: slots are for what all weddings share; this has the windows of what it touches",
            next_step=f"wedcache freeze explain --scope '{scope.text}'",
        )
    return scope


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [
        f"{told['resource']} serves {told['weddings']} weddings; {told['exposed']} have their event day at {told['at']}"
    ]
    for slot in told["slots"]:
        peak = slot["peak"]
        lines.append(
            f"{slot['week']}  {slot['start']} to {slot['end']}  exposes {slot['exposed']}"
            f"  (the week's peak: {peak['exposed']} at {peak['at']})"
        )
    free = [f"{span['start']} to {span['end']}" for span in told["unexposed"]]
    lines += ["nobody is exposed:", *(f"  {span}" for span in free)] if free else ["somebody is always exposed"]
    made = told["calendar"]
    lines.append(
        f"until {told['until']}; calendar epoch {made['epoch']}, tzdata {made['tzdata']}, valid until"
        f" {made['valid_until']}"
    )
    return lines
