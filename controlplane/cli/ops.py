"""`wedcache ops`: the operations whose cards lie in the shared store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cyclopts

from controlplane.cli import session

if TYPE_CHECKING:
    from controlplane.domain.failover import Intent

app = cyclopts.App(name="ops", help="Operations: list, show, resume.")
Output = Literal["text", "json"]


@app.command(name="list")
def list_(*, output: Output = "text") -> int:
    """Every operation, oldest first.

    Parameters
    ----------
    output
        text or json (wedcache.operations/1).
    """
    from controlplane.operations.intents import all_intents

    cards = all_intents(session.plant().store)
    if output == "json":
        rows = [card.model_dump(mode="json", by_alias=True) for card in cards]
        session.show_json({"schema": "wedcache.operations/1", "operations": rows})
    else:
        session.show([_line(card) for card in cards] or ["no operation was ever begun"])
    return 0


@app.command
def show(identity: str, /, *, output: Output = "text") -> int:
    """One operation's card.

    Parameters
    ----------
    identity
        The operation's id, as `ops list` prints it.
    output
        text or json (wedcache.intent/1).
    """
    from controlplane.operations.intents import intent

    card = intent(session.plant().store, identity)
    _shown(card, output)
    return 0


@app.command
def resume(identity: str, /, *, output: Output = "text") -> int:
    """Go on with an operation from its card, whoever began it; also with what a closed card owes. Safe to run again.

    Parameters
    ----------
    identity
        The operation's id.
    output
        text or json (wedcache.intent/1).
    """
    from controlplane.domain.failover import reopened
    from controlplane.operations.fail_over import reconcile
    from controlplane.operations.intents import intent

    plant = session.plant()
    card = reopened(intent(plant.store, identity))
    if card.state == "open":
        means = plant.means(lambda step, seconds: session.say(f"  {step:<7} done in {seconds:.2f} s"))
        card = reconcile(means, card)
    _shown(card, output)
    return 0


def _shown(card: Intent, output: Output) -> None:
    if output == "json":
        session.show_json(card.model_dump(mode="json", by_alias=True))
        return
    owed = [f"  owed    {step}: `wedcache ops resume {card.id}`" for step in card.owed]
    steps = [f"  {step:<7} {seconds:.2f} s" for step, seconds in card.seconds.items()]
    session.show([_line(card), *steps, *owed])


def _line(card: Intent) -> str:
    move = f"{card.region} -> {card.target}, epoch {card.epoch}"
    return f"{card.id:<28} {card.state:<5} {move}, begun {card.begun_at} by {card.by}"
