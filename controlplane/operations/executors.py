"""Who performs an open operation now: its command, a worker that it was handed to, or nobody (an orphan)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.domain.lease import NOBODY, TTL_SECONDS
from controlplane.operations.intents import Card, lease_key
from controlplane.operations.leases import LOOK_SECONDS, Holder, watch
from controlplane.ports.shared_store import SharedStore

HANDED = "handed"
"""Register: operation -> the region whose worker finishes it."""


@dataclass(frozen=True)
class Executor:
    """`kind`: attached (a living command or worker performs it), handed over (a worker will), orphan (nobody)."""

    kind: str
    name: str

    def sentence(self) -> str:
        """For people."""
        if self.kind == "attached":
            return f"performed by {self.name}"
        if self.kind == "handed over":
            return f"handed over to the worker of {self.name}"
        return f"orphan: {self.name} is silent" if self.name else "orphan: nobody performs it"


def holder_of(me: str, operation: str) -> str:
    """The name under which a process holds the lease while it performs one operation."""
    return f"{me} {operation}"


def executors(holder: Holder, cards: Sequence[Card]) -> dict[str, Executor]:
    """Open operation -> who performs it. Takes up to the lease's TTL where somebody holds one. Raises Unavailable."""
    keys = {lease_key(card) for card in cards}
    first = {key: watch(holder, key) for key in keys}
    lease = {key: sighting.lease for key, sighting in first.items()}
    still = {key for key, one in lease.items() if one is not None and one.holder != NOBODY}
    deadline = holder.elapsed() + TTL_SECONDS
    moving: set[str] = set()
    while still and holder.elapsed() < deadline:
        holder.pause(LOOK_SECONDS)
        moved = {key for key in still if watch(holder, key, first[key]) is not first[key]}
        still, moving = still - moved, moving | moved
    return {card.id: _executor(holder.store, card, moving, first[lease_key(card)].lease) for card in cards}


def hand_over(store: SharedStore, identity: str, region: str) -> None:
    """Note that the worker of `region` finishes the operation. Raises Unavailable."""
    store.change(HANDED, lambda text: json.dumps(_handed(text) | {identity: region}))


def taken_back(store: SharedStore, identity: str) -> None:
    """Drop the note: it is finished. Raises Unavailable."""
    store.change(HANDED, lambda text: json.dumps({key: to for key, to in _handed(text).items() if key != identity}))


def handed(store: SharedStore) -> dict[str, str]:
    """Operation -> the region whose worker finishes it."""
    return _handed(store.read(HANDED))


def _handed(text: str | None) -> dict[str, str]:
    return {str(key): str(region) for key, region in json.loads(text or "{}").items()}


def _executor(store: SharedStore, card: Card, moving: set[str], lease: object) -> Executor:
    name = str(getattr(lease, "holder", ""))
    who, _, operation = name.rpartition(" ")
    if operation == card.id and lease_key(card) in moving:
        return Executor("attached", who)
    region = handed(store).get(card.id)
    if region is not None:
        return Executor("handed over", region)
    return Executor("orphan", who if operation == card.id else "")
