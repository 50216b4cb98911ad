"""`wedcache emergency on|off|status`: spare the origins while something is wrong, and give everything back after."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts

from controlplane.cli import session
from controlplane.errors import BadInput, Refused

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.emergency import EmergencyCard, Switch
    from controlplane.operations.intents import Card

app = cyclopts.App(name="emergency", help="Emergency mode: on, off, status. Always admitted, also in a freeze.")
Output = Literal["text", "json"]


@app.command
def on(
    scope: str = "platform",
    /,
    *,
    lasts: Annotated[str | None, cyclopts.Parameter(name="--for")] = None,
    plan: bool = False,
    yes: bool = False,
    output: Output = "text",
) -> int:
    """Switch emergency mode on for a scope; scopes stack. What it changes is journaled first.

    Parameters
    ----------
    scope
        platform, region:NAME or wedding:ID.
    lasts
        Switch it off after 30m, 2h ... A worker does that, so one has to live.
    plan
        Print what would be changed, and stop.
    yes
        Do not ask.
    output
        text or json (wedcache.emergency-report/1).
    """
    from controlplane.cli.handing_over import living_worker
    from controlplane.cli.questions import duration_of
    from controlplane.domain.emergency import Switch

    plant = session.plant()
    length = duration_of(lasts, "--for")
    _admitted(plant, scope)
    card = new_card(plant, Switch.ON, scope, length)
    if length is not None:
        session.say(f"the worker of {living_worker(plant)} switches it off at {card.until}, or any that lives then")
    return _switch(plant, card, plan, yes, output)


@app.command
def off(scope: str = "platform", /, *, plan: bool = False, yes: bool = False, output: Output = "text") -> int:
    """Switch emergency mode off for a scope: give back what still has our value; what others changed stays (13).

    Parameters
    ----------
    scope
        platform, region:NAME or wedding:ID.
    plan
        Print what would be given back, and stop.
    yes
        Do not ask.
    output
        text or json (wedcache.emergency-report/1).
    """
    from controlplane.domain.emergency import Switch
    from controlplane.operations.emergency import journal_of, unfinished

    plant = session.plant()
    _admitted(plant, scope)
    if scope not in journal_of(plant.store).claims and unfinished(plant.store, scope) is None:
        raise Refused(f"emergency mode is not on for {scope}", next_step="`wedcache emergency status` shows what is on")
    return _switch(plant, new_card(plant, Switch.OFF, scope), plan, yes, output)


@app.command
def status(*, output: Output = "text") -> int:
    """Which scopes are on, until when, and what comes back when they are switched off.

    Parameters
    ----------
    output
        text or json (wedcache.emergency/1, the journal itself).
    """
    from controlplane.operations.emergency import journal_of

    journal = journal_of(session.plant().store)
    if output == "json":
        session.show_json(journal.model_dump(mode="json", by_alias=True))
        return 0
    lines = [
        f"{name:<20} on since {claim.at} by {claim.by}, " + (f"until {claim.until}" if claim.until else "until told")
        for name, claim in journal.claims.items()
    ]
    lines += [f"  {name}: gives back {entry.before!r}" for name, entry in sorted(journal.entries.items())]
    session.show(lines or ["emergency mode is off"])
    return 0


def new_card(plant: Plant, switch: Switch, scope: str, length: timedelta | None = None) -> EmergencyCard:
    """A new switching's card, at the next epoch. Raises BadInput for what is no scope of emergency mode."""
    from controlplane.cli.questions import scope_of
    from controlplane.domain.emergency import EmergencyCard, NotForEmergency, digest_of, wants_of
    from controlplane.domain.emergency import Switch as Way
    from controlplane.domain.instant import zulu
    from controlplane.operations.emergency import journal_of

    try:
        asked = wants_of(scope_of(scope), plant.inventory, plant.weddings)
    except NotForEmergency as error:
        raise BadInput(str(error)) from error
    wants = asked if switch is Way.ON else {}
    epoch = journal_of(plant.store).epoch + 1
    at = plant.clock.now().replace(microsecond=0)
    return EmergencyCard(
        id=plant.operation_id(switch.value),
        operation=switch,
        target=scope,
        epoch=epoch,
        digest=digest_of(switch, scope, epoch, wants),
        by=plant.me,
        begun_at=zulu(at),
        wants=wants,
        until=None if length is None else zulu(at + length),
    )


def _admitted(plant: Plant, scope: str) -> None:
    """Ask the table like every other command: it answers ADMITTED in any window, also without a calendar."""
    from controlplane.cli.questions import scope_of
    from controlplane.domain.operation import Operation
    from controlplane.operations import admit

    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    session.admit(admit.verdict(Operation.EMERGENCY, scope_of(scope), plant.clock.now(), calendar))


def _switch(plant: Plant, card: EmergencyCard, plan: bool, yes: bool, output: Output) -> int:
    from controlplane.cli.performing import switched
    from controlplane.operations.emergency import journal_of

    journal = journal_of(plant.store)
    given_back = [f"{name}: back to {entry.before!r}" for name, entry in sorted(journal.entries.items())]
    wanted = [f"{name}: {value}" for name, value in sorted(card.wants.items())]
    session.say(f"plan {card.id}: {card.operation.value} {card.target}, epoch {card.epoch}")
    for line in wanted or given_back:
        session.say(f"  {line}")
    if plan:
        if output == "json":
            session.show_json(_facts(card, "wedcache.emergency-plan/1") | {"wants": card.wants})
        return 0
    session.confirm(f"{card.operation.value} {card.target}?", yes=yes)
    try:
        done = switched(plant, card)
    except KeyboardInterrupt:
        session.say(f"cut off in the middle: `wedcache ops resume {card.id}` goes on from here, on any machine")
        raise
    if output == "json":
        session.show_json(_facts(done, "wedcache.emergency-report/1"))
    else:
        session.show([f"{done.id} is done: {done.target} is {'on' if done.wants else 'off'}"])
    return 0


def _facts(card: Card, schema: str) -> dict[str, Any]:
    return {"schema": schema, "id": card.id, "operation": card.operation.value, "target": card.target} | {
        "epoch": card.epoch,
        "until": getattr(card, "until", None),
    }
