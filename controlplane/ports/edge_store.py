"""The edge's key value store: what the edge function reads, written ahead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

MAX_VALUE_BYTES = 1024
MAX_KEYS_A_WRITE = 50


class EdgeStore(Protocol):
    """Small keys and values at every POP. Raises `Unavailable`; a write whose answer was lost is not safe to retry."""

    def read(self) -> dict[str, str]:
        """All keys."""
        ...

    def change(self, update: Callable[[Mapping[str, str]], Mapping[str, str | None]]) -> dict[str, str | None]:
        """Read, compute the puts (None: delete) and write them, all or nothing, unless somebody else wrote between.

        Reads back and tries again on a conflict; writes nothing when `update` asks for nothing new. Returns what was
        written. `update` may run several times.
        """
        ...
