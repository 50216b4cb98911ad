"""Looking at what a region's Redis holds, for people: nothing is changed, nothing is cached."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from controlplane.domain.purge_log import Barrier, Position
from controlplane.ports.second_tier import Stored


@dataclass(frozen=True, slots=True)
class Held:
    """What stands under one key. `kind` is the store's own word (`string`, `none` ...).

    `stored` is None for nothing and for bytes that are not ours; `is_tombstone` says that the key was removed. `life`
    is the seconds that it will still stand (None: for good); `bytes` its whole size; `now` the store's time in unix
    seconds.
    """

    name: str
    kind: str
    stored: Stored | None
    is_tombstone: bool
    life: float | None
    bytes: int
    now: float


class TierLook(Protocol):
    """Three questions. Each raises Unavailable when it is not answered in time."""

    async def held(self, key: str) -> Held:
        """What stands under `key` (with its namespace)."""
        ...

    async def barriers(self, tags: Iterable[str]) -> Sequence[Barrier]:
        """The newest purges of these tags; a tag that was never purged is left out."""
        ...

    async def head(self) -> tuple[Position, int]:
        """Where the purge log is, and the number at which its epoch began; ("", 0) for no log."""
        ...

    async def aclose(self) -> None:
        """Close connections; never raises."""
        ...
