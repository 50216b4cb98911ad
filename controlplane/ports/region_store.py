"""One region's store of records, as the sync sees it: it compares stamps, and it knows whether it remembers.

Every method but `aclose` is atomic at the store, ends within the store's own time limit, and raises Unavailable where
no answer came: then the change may have been made. Repeating any of them is harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from controlplane.domain.record import Change, Record, Reply, Told


class Voter(Protocol):
    """What writing and reading need."""

    async def look(self, key: str) -> Reply:
        """What the voter holds for `key`."""
        ...

    async def apply(self, key: str, record: Record, begun: int) -> Reply:
        """Take `record` if it is newer than what is held (S1); the reply holds what is there then.

        So a reply with the same stamp means accepted, one with a higher stamp superseded. `begun` is when whoever sends
        it began (microseconds of the calendar). Refused, with nothing changed: a stamp more than a second ahead of the
        store's clock, and a request that began more than half of the longest delivery ago. A voter that is LOST or
        FOUNDING takes nothing. A settled removal is forgotten after the longest delivery.
        """
        ...


class Memory(Protocol):
    """What founding and catching up need."""

    async def stand(self, partition: int, change: Change) -> Told:
        """Make one change of the voter's standing in a partition, or none.

        Raises Refused, with nothing changed, where the store may evict records (`allkeys-*`) and would vote.
        """
        ...

    async def page(self, partition: int, cursor: str) -> Told:
        """A part of the partition's records; "0" begins. Whatever is there from the first to the last part is told."""
        ...

    async def absorb(self, partition: int, n: int, records: Sequence[tuple[str, Record]], begun: int) -> Told:
        """Take the newer ones of `records` (by name), only while catching up in incarnation `n`; `begun` as above."""
        ...


class RegionStore(Voter, Memory, Protocol):
    """Both, as one region's adapter offers it."""

    async def aclose(self) -> None:
        """Close connections; never raises."""
        ...
