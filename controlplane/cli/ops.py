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
def show(identity: str, /) -> int:
    """One operation's card.

    Parameters
    ----------
    identity
        The operation's id, as `ops list` prints it.
    """
    from controlplane.operations.intents import intent

    card = intent(session.plant().store, identity)
    session.show([_line(card), *(f"  {step:<7} {seconds:.2f} s" for step, seconds in card.seconds.items())])
    return 0


@app.command
def resume(identity: str, /) -> int:
    """Go on with an operation from its card, whoever began it. Safe to run again.

    Parameters
    ----------
    identity
        The operation's id.
    """
    from controlplane.operations.fail_over import reconcile
    from controlplane.operations.intents import intent

    plant = session.plant()
    card = intent(plant.store, identity)
    if card.state == "done":
        session.show([_line(card)])
        return 0
    done = reconcile(plant.means(lambda step, seconds: session.say(f"  {step:<7} done in {seconds:.2f} s")), card)
    session.show([_line(done)])
    return 0


def _line(card: Intent) -> str:
    move = f"{card.region} -> {card.target}, epoch {card.epoch}"
    return f"{card.id:<28} {card.state:<5} {move}, begun {card.begun_at} by {card.by}"
