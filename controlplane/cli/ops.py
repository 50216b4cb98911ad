"""`wedcache ops`: the operations whose cards lie in the shared store, who performs them, and what became of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import cyclopts

from controlplane.cli import outside, session
from controlplane.errors import BadInput

if TYPE_CHECKING:
    from controlplane.domain.ledger import Entry
    from controlplane.operations.executors import Executor
    from controlplane.operations.intents import Card

app = cyclopts.App(name="ops", help="Operations: list, show, attach, resume, cancel, story, outside.")
app.command(outside.outside)
Output = Literal["text", "json"]
HANDED_OVER, PARTIAL = 21, 13


@app.command(name="list")
def list_(*, output: Output = "text") -> int:
    """Every operation, oldest first; of an open one also who performs it, or that nobody does.

    Parameters
    ----------
    output
        text or json (wedcache.operations/1).
    """
    from controlplane.cli.performing import holder
    from controlplane.operations.executors import executors
    from controlplane.operations.intents import all_cards

    plant = session.plant()
    cards = all_cards(plant.store)
    who = executors(holder(plant), [card for card in cards if card.state == "open"])
    if output == "json":
        rows = [_row(card, who.get(card.id)) for card in cards]
        session.show_json({"schema": "wedcache.operations/1", "operations": rows})
    else:
        session.show([_line(card, who.get(card.id)) for card in cards] or ["no operation was ever begun"])
    return 0


@app.command
def show(identity: str, /, *, output: Output = "text") -> int:
    """One operation's card.

    Parameters
    ----------
    identity
        The operation's id, as `ops list` prints it.
    output
        text or json (wedcache.intent/1 or wedcache.emergency-intent/1).
    """
    from controlplane.operations.intents import intent

    _shown(intent(session.plant().store, identity), output)
    return 0


@app.command
def attach(identity: str, /, *, output: Output = "text") -> int:
    """Follow an operation that somebody else performs, until it ends. Changes nothing; Ctrl-C leaves it as it is.

    Ends with 0 where it is done, with 13 where it owes or kept something, or where its performer died meanwhile.

    Parameters
    ----------
    identity
        The operation's id.
    output
        text or json (wedcache.intent/1 or wedcache.emergency-intent/1); what happens is told on standard error.
    """
    from controlplane.cli.performing import holder
    from controlplane.operations.attach import follow

    def tell(entry: Entry) -> None:
        session.say(f"  {entry.at}  {entry.kind.value:<11} {entry.said}  ({entry.by})")

    card = follow(holder(session.plant()), identity, tell)
    _shown(card, output)
    return PARTIAL if getattr(card, "owed", ()) or getattr(card, "kept", {}) else 0


@app.command
def resume(identity: str, /, *, hand_over: bool = False, output: Output = "text") -> int:
    """Go on with an operation from its card, whoever began it; also with what a closed card owes. Safe to run again.

    Where its performer still lives it is left to them (11); one that died is taken over after its lease stood still.

    Parameters
    ----------
    identity
        The operation's id.
    hand_over
        Leave it to a living worker and end with 21; refused where none lives.
    output
        text or json (wedcache.intent/1 or wedcache.emergency-intent/1).
    """
    from controlplane.cli.handing_over import handed_over
    from controlplane.cli.performing import resumed
    from controlplane.operations.intents import intent

    plant = session.plant()
    card = intent(plant.store, identity)
    if hand_over:
        region = handed_over(plant, card)
        _shown(card, output)
        session.say(f"handed over to the worker of {region}; `wedcache ops show {card.id}` says when it is done")
        return HANDED_OVER
    _shown(resumed(plant, card), output)
    return 0


@app.command
def cancel(identity: str, /, *, yes: bool = False, output: Output = "text") -> int:
    """Take an open operation back where that is possible: no further effect, and what emergency mode set is given back.

    Refused for a failover whose roles have moved: half of one is worse than either end.

    Parameters
    ----------
    identity
        The operation's id.
    yes
        Do not ask.
    output
        text or json (wedcache.intent/1 or wedcache.emergency-intent/1).
    """
    from controlplane.cli.cancelling import cancelled
    from controlplane.operations.intents import intent

    plant = session.plant()
    card = intent(plant.store, identity)
    if card.state != "open":
        raise BadInput(f"{card.id} is {card.state}: there is nothing to cancel")
    session.confirm(f"cancel {card.id}?", yes=yes)
    _shown(cancelled(plant, card), output)
    return 0


@app.command
def story(identity: str, /, *, output: Output = "text") -> int:
    """The timeline of an operation: who did what when, who took over, what was left, how it ended.

    Parameters
    ----------
    identity
        The operation's id.
    output
        text or json (wedcache.story/1).
    """
    from controlplane.domain.story import story as told
    from controlplane.domain.story import story_lines
    from controlplane.operations.ledger import chain, verify

    store = session.plant().store
    found = told(chain(store, identity), verify(store, identity))
    if output == "json":
        session.show_json(found)
    else:
        session.show(story_lines(found))
    return 0 if found["holds"] else 14


def _row(card: Card, executor: Executor | None) -> dict[str, Any]:
    row = card.model_dump(mode="json", by_alias=True)
    return row if executor is None else row | {"executor": {"kind": executor.kind, "name": executor.name}}


def _shown(card: Card, output: Output) -> None:
    if output == "json":
        session.show_json(card.model_dump(mode="json", by_alias=True))
        return
    owed = [f"  owed    {step}: `wedcache ops resume {card.id}`" for step in getattr(card, "owed", ())]
    kept = [f"  kept    {name} {words}" for name, words in getattr(card, "kept", {}).items()]
    steps = [f"  {step:<7} {seconds:.2f} s" for step, seconds in getattr(card, "seconds", {}).items()]
    session.show([_line(card, None), *steps, *owed, *kept])


def _line(card: Card, executor: Executor | None) -> str:
    region = getattr(card, "region", None)
    move = f"{region} -> {card.target}" if region else f"{card.operation.value} {card.target}"
    who = "" if executor is None else f"; {executor.sentence()}"
    return f"{card.id:<28} {card.state:<5} {move}, epoch {card.epoch}, begun {card.begun_at} by {card.by}{who}"
