"""`wedcache freeze lift`: end a window that is in force. An edit cannot do that; two signatures can."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from controlplane.cli import publishing, session
from controlplane.errors import BadInput, FreezeUnknown

if TYPE_CHECKING:
    from datetime import datetime

    from controlplane.domain.calendar import Calendar
    from controlplane.domain.scope import Scope

Output = Literal["text", "json"]


def lift(
    *rules: str, break_glass: Path | None = None, plan: bool = False, yes: bool = False, output: Output = "text"
) -> int:
    """End windows that are in force now. Publish an edited catalogue first, or the next push brings them back.

    Parameters
    ----------
    rules
        The rules' ids, as `wedcache freeze show` and every refusal name them.
    break_glass
        The text of a grant that two persons signed; without it this is refused, with the words to ask for one.
    plan
        Print what would end, and stop.
    yes
        Do not ask.
    output
        text or json (wedcache.calendar-lift/1).
    """
    from controlplane.cli import glass_door
    from controlplane.domain.calendar_json import to_json
    from controlplane.domain.freeze import Facts
    from controlplane.domain.instant import zulu
    from controlplane.domain.operation import Operation
    from controlplane.operations import admit
    from controlplane.operations.publish_calendar import lift_rules

    if not rules:
        raise BadInput("no rule was named", next_step="wedcache freeze lift venue:como:2027-06-12")
    plant = session.plant()
    at = plant.clock.now()
    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    if calendar is None:
        raise FreezeUnknown("there is no calendar that can be read: nobody knows what is in force")
    scopes = dict.fromkeys(_scope(calendar, rule, at) for rule in rules)
    facts = Facts(shortens=True)
    verdicts = [admit.verdict(Operation.CALENDAR_EDIT, scope, at, calendar, facts) for scope in scopes]
    door = glass_door.passage(plant, verdicts, break_glass, door="wedcache freeze lift", what=rules)
    session.say(f"plan: end {', '.join(dict.fromkeys(rules))} at {zulu(at)}")
    if plan:
        return 0
    session.confirm("lift?", yes=yes)
    door.enter()
    lifted = lift_rules(plant.store, rules, at)
    plant.keep_calendar(to_json(lifted))
    locks = publishing.locked(plant, lifted)
    session.say("an unchanged catalogue brings the windows back with the next `wedcache freeze push`")
    if output == "json":
        session.show_json(
            {
                "schema": "wedcache.calendar-lift/1",
                "epoch": lifted.made.epoch,
                "lifted": sorted(set(rules)),
                "verdict": door.verdict,
                "locks": locks,
            }
        )
    else:
        session.show([f"calendar epoch {lifted.made.epoch} is published; agents push it within seconds"])
    return 0 if publishing.are_locked(locks) else 13


def _scope(calendar: Calendar, rule: str, at: datetime) -> Scope:
    """Whose rule it is. Raises BadInput for one that does not hold now."""
    from controlplane.domain import scope

    for wedding, subject in calendar.weddings.items():
        if any(one.id == rule and one.holds_at(at) for one in subject.rules):
            return scope.wedding(wedding)
    if any(one.id == rule and one.holds_at(at) for one in calendar.platform):
        return scope.parse_scope("platform")
    holding = ", ".join(one.id for one in calendar.everything.holding(at)[:10]) or "none"
    raise BadInput(
        f"{rule} is not in force now; in force: {holding}", next_step="an edit and `freeze push` do the rest"
    )
