"""The intent cards in the shared store: which operations are open, and one by its id."""

from __future__ import annotations

from controlplane.domain.failover import Intent
from controlplane.errors import BadInput
from controlplane.operations.fail_over import INTENTS, intent_key
from controlplane.ports.shared_store import SharedStore


def all_intents(store: SharedStore) -> list[Intent]:
    """Every card, oldest first."""
    texts = [store.read(name) for name in store.names(INTENTS)]
    return sorted((Intent.from_json(text) for text in texts if text), key=lambda card: card.begun_at)


def open_intents(store: SharedStore) -> list[Intent]:
    """The cards of operations that nobody has finished."""
    return [card for card in all_intents(store) if card.state == "open"]


def intent(store: SharedStore, identity: str) -> Intent:
    """One card. Raises BadInput naming the known ones."""
    text = store.read(intent_key(identity))
    if text is None:
        known = ", ".join(card.id for card in all_intents(store)) or "none"
        raise BadInput(f"no operation {identity!r}; known: {known}")
    return Intent.from_json(text)
