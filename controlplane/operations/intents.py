"""The intent cards in the shared store: which operations there are, and which one of them may act."""

from __future__ import annotations

import json

from controlplane.domain.emergency import EmergencyCard
from controlplane.domain.failover import Intent, Operation, What
from controlplane.domain.takedown import TakedownCard
from controlplane.errors import BadInput, Refused
from controlplane.ports.shared_store import SharedStore

INTENTS = "intents/"
ACTING = "operation"
"""Register that names the one operation that may act on regions."""
Card = Intent | EmergencyCard | TakedownCard
"""Any operation's card: it has an id, an operation, a target, an epoch, a digest, a state."""


def intent_key(identity: str) -> str:
    """Where an intent card lies: a register, because creation and closing must be decided."""
    return f"{INTENTS}{identity}"


def claim(store: SharedStore, wanted: Intent) -> Intent:
    """Store the card and make it the one operation that may act; gives the card as stored. Safe to run again.

    Raises Refused if another operation is open: at most one acts at a time. A card that is new then is withdrawn.
    """
    held = store.read(ACTING)
    _check_free(store, wanted, held)
    stored = store.read(intent_key(wanted.id))
    card = Intent.from_json(stored) if stored else wanted
    if stored is None or _reopens(card, wanted):
        text = store.change(intent_key(wanted.id), lambda text: _fresher(text, wanted))
        card = Intent.from_json(text or "")
    while card.state == "open" and held != wanted.id:
        held = _replaced(store, held, wanted.id)
        try:
            _check_free(store, wanted, held)
        except Refused:
            if stored is None:
                withdraw_intent(store, card)
            raise
    return card


def _replaced(store: SharedStore, held: str | None, identity: str) -> str | None:
    return store.change(ACTING, lambda text: identity if text == held else text)


def withdraw_intent(store: SharedStore, card: Intent) -> None:
    """Take an open card back: it makes no further effect. Raises Unavailable."""
    text = card.model_copy(update={"state": "withdrawn"}).to_json()
    store.change(intent_key(card.id), lambda _: text)


def acting(store: SharedStore) -> Intent | None:
    """The open card of the operation that may act now; None if there is none."""
    held = store.read(ACTING)
    text = store.read(intent_key(held)) if held else None
    card = Intent.from_json(text) if text else None
    return card if card is not None and card.state == "open" else None


def all_cards(store: SharedStore) -> list[Card]:
    """Every card of every kind of operation, oldest first."""
    texts = [store.read(name) for name in store.names(INTENTS)]
    return sorted((read_card(text) for text in texts if text), key=lambda card: (card.begun_at, card.id))


def open_cards(store: SharedStore) -> list[Card]:
    """The cards of operations that nobody has finished."""
    return [card for card in all_cards(store) if card.state == "open"]


def all_intents(store: SharedStore) -> list[Intent]:
    """The cards of failovers and failbacks, oldest first."""
    return [card for card in all_cards(store) if isinstance(card, Intent)]


def open_intents(store: SharedStore) -> list[Intent]:
    """The cards of failovers and failbacks that nobody has finished."""
    return [card for card in all_intents(store) if card.state == "open"]


def left_caches(store: SharedStore, region: str) -> bool:
    """Whether only reads were moved away from a region, and not back since."""
    cards = [card for card in all_intents(store) if card.region == region and card.state == "done"]
    return bool(cards) and (cards[-1].operation, cards[-1].what) == (Operation.FAILOVER, What.CACHES)


def intent(store: SharedStore, identity: str) -> Card:
    """One card. Raises BadInput naming the known ones."""
    text = store.read(intent_key(identity))
    if text is None:
        known = ", ".join(card.id for card in all_cards(store)) or "none"
        raise BadInput(f"no operation {identity!r}; known: {known}")
    return read_card(text)


def read_card(text: str) -> Card:
    """A stored card of whichever kind. Raises ValueError (also pydantic's)."""
    schema = json.loads(text).get("schema")
    if schema == "wedcache.takedown-intent/1":
        return TakedownCard.from_json(text)
    return EmergencyCard.from_json(text) if schema == "wedcache.emergency-intent/1" else Intent.from_json(text)


def lease_key(card: Card) -> str:
    """The lease that whoever performs the card holds: one performer at a time on the regions, one on the settings, one
    on what is denied."""
    if isinstance(card, TakedownCard):
        return "lease/takedown"
    return "lease/emergency" if isinstance(card, EmergencyCard) else "lease/regions"


def _fresher(text: str | None, wanted: Intent) -> str:
    """The stored card, unless there is none or `wanted` reopens it."""
    return wanted.to_json() if text is None or _reopens(Intent.from_json(text), wanted) else text


def _reopens(stored: Intent, wanted: Intent) -> bool:
    """Whether the stored card was closed owing something that `wanted` is about to do."""
    return stored.state == "done" and bool(stored.owed) and wanted.state == "open"


def _check_free(store: SharedStore, wanted: Intent, held: str | None) -> None:
    if held is None or held == wanted.id:
        return
    text = store.read(intent_key(held))
    other = Intent.from_json(text) if text else None
    if other is not None and other.state == "open":
        raise Refused(
            f"{other.operation.value} {other.id} of {other.region} is open, begun by {other.by}",
            next_step=f"`wedcache ops resume {other.id}` finishes it",
        )
