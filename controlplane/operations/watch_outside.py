"""Looks for changes made outside: the vendors' own logs against whose credentials are ours and what was under way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controlplane.domain.inventory import Writers
from controlplane.domain.outside import UnderWay, VendorChange, outside, under_way
from controlplane.operations import ledger
from controlplane.ports.change_log import ChangeLog
from controlplane.ports.shared_store import SharedStore


@dataclass(frozen=True)
class Look:
    """What one look found: the changes that nothing of ours covers, and how many each vendor's log holds."""

    outside: list[VendorChange]
    seen: dict[str, int]


def look(logs: Mapping[str, ChangeLog], store: SharedStore, writers: Writers, since: datetime, until: datetime) -> Look:
    """Compare in [since, until]; changes nothing. The ledgers are read only if they may matter. Raises Unavailable."""
    told = {vendor: log.changes(since, until) for vendor, log in logs.items()}
    found = outside([change for changes in told.values() for change in changes], writers, ())
    if any(f"{change.vendor}:{change.who}" in writers.operators for change in found):
        found = outside(found, writers, _operations(store))
    return Look(found, {vendor: len(changes) for vendor, changes in told.items()})


def _operations(store: SharedStore) -> list[UnderWay]:
    spans = (under_way(ledger.chain(store, name)) for name in ledger.operations(store))
    return [span for span in spans if span is not None]
