"""The second tier: a shared store of bytes that the processes of one region have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import Protocol

import msgspec

from controlplane.domain.purge_log import Position


class Stored(msgspec.Struct, frozen=True, gc=False):
    """One value as stored; `as_of` and `born` (log time in seconds) tell when its load began, and order writes."""

    payload: bytes
    as_of: Position
    born: float


class SecondTier(Protocol):
    """Bytes by key, which is a name that `domain.keys.encode` made.

    No method waits longer than the tier's own time limit; the cache turns failures into misses."""

    async def open(self) -> None:
        """Connect, for at most the time limit; a tier that is down heals by itself.

        Raises Refused for a store that must not be used (it may evict the purge log).
        """
        ...

    def fetch(self, key: str) -> Awaitable[Stored | None]:
        """What is stored under `key`; None for nothing, a tombstone or foreign bytes.

        Raises Unavailable where it did not answer in time, or with an error.
        """
        ...

    async def fill(self, key: str, stored: Stored, life: float) -> bool:
        """Store for `life` seconds, atomically, unless something newer or a tombstone forbids it; True if stored.

        Raises Unavailable where that is not known.
        """
        ...

    async def bury(self, keys: Iterable[str], at: Position, born: float, seconds: float) -> None:
        """Replace each key by a tombstone that refuses fills older than `at` for `seconds`.

        Idempotent. Raises Unavailable.
        """
        ...

    async def aclose(self) -> None:
        """Close connections; never raises."""
        ...
