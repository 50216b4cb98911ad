"""The shared store in the hands of whoever holds a lease: a change that comes too late writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from controlplane.ports.shared_store import SharedStore


@dataclass(frozen=True)
class FencedStore:
    """`SharedStore`. `check` raises LeaseLost, and is asked between a register's read and its conditional write.

    A process that was stopped at any instant before that write, and wakes after its lease, makes no effect.
    """

    store: SharedStore
    check: Callable[[], None]

    def read(self, key: str) -> str | None:
        """See `SharedStore.read`."""
        return self.store.read(key)

    def change(self, key: str, update: Callable[[str | None], str | None]) -> str | None:
        """See `SharedStore.change`. Raises LeaseLost too."""

        def in_time(text: str | None) -> str | None:
            self.check()
            return update(text)

        return self.store.change(key, in_time)

    def put(self, key: str, value: str) -> None:
        """See `SharedStore.put`. Raises LeaseLost too; plain objects have no condition, so one may be under way."""
        self.check()
        self.store.put(key, value)

    def get(self, key: str) -> str | None:
        """See `SharedStore.get`."""
        return self.store.get(key)

    def names(self, prefix: str) -> Iterable[str]:
        """See `SharedStore.names`."""
        return self.store.names(prefix)
