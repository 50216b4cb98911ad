"""The shared store: state that any laptop and every agent can reach, without a server of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol


class SharedStore(Protocol):
    """Registers decided by a majority of three buckets, and plain objects beside them.

    Every method raises `Unavailable` when fewer than two buckets answered; `change` then says whether a retry is
    safe (its effect may have happened).
    """

    def read(self, key: str) -> str | None:
        """The register's value as last decided (linearizable); None if it was never written. At most 4 s."""
        ...

    def change(self, key: str, update: Callable[[str | None], str | None]) -> str | None:
        """Atomically replace the register's value by `update(value)`; returns the new value.

        `update` is pure and may run several times; what it raises ends the change with nothing written.
        """
        ...

    def put(self, key: str, value: str) -> None:
        """Write a plain object to at least two buckets (last writer wins). Idempotent."""
        ...

    def get(self, key: str) -> str | None:
        """A plain object from the first bucket that answers with it; None if two buckets answered without it."""
        ...

    def names(self, prefix: str) -> Iterable[str]:
        """The keys of plain objects and registers under `prefix`, joined over the buckets that answered, sorted."""
        ...
