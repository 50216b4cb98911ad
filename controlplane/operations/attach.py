"""Follows an operation that somebody else performs, from what they store: its ledger, its card, its lease."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from controlplane.domain.lease import TTL_SECONDS, Sighting
from controlplane.domain.ledger import Chain, Entry, ledger_key
from controlplane.errors import Incomplete
from controlplane.operations.executors import handed
from controlplane.operations.intents import Card, intent, lease_key
from controlplane.operations.leases import LOOK_SECONDS, Holder, watch


def follow(holder: Holder, identity: str, tell: Callable[[Entry], None]) -> Card:
    """Tell every line of the operation's ledger, those that are there and those that come; gives the closed card.

    Takes no lease and changes nothing. Raises BadInput for an unknown operation, Unavailable, and Incomplete once its
    performer was silent for a lease's TTL and no worker has it.
    """
    card, told = intent(holder.store, identity), 0
    key = lease_key(card)
    sighting = watch(holder, key)
    heard_at = sighting.since
    while True:
        is_over = card.state != "open"
        entries = Chain.from_json(holder.store.read(ledger_key(identity)), identity).entries
        for entry in entries[told:]:
            tell(entry)
        told = len(entries)
        if is_over:
            return card
        if holder.elapsed() - heard_at >= TTL_SECONDS and identity not in handed(holder.store):
            raise _orphaned(identity, entries)
        holder.pause(LOOK_SECONDS)
        sighting, card = watch(holder, key, sighting), intent(holder.store, identity)
        if _performs(sighting, identity):
            heard_at = max(heard_at, sighting.since)


def _performs(sighting: Sighting, identity: str) -> bool:
    """Whether the lease is held for this operation; other operations hold the same one."""
    return sighting.lease is not None and sighting.lease.holder.rpartition(" ")[2] == identity


def _orphaned(identity: str, entries: Sequence[Entry]) -> Incomplete:
    who = entries[-1].by if entries else "nobody"
    return Incomplete(
        f"{identity} is open, and {who} performs it no more",
        next_step=f"`wedcache ops resume {identity}` goes on with it",
        report={identity: f"silent for {TTL_SECONDS:g} s"},
    )
