"""Debts: purges that the log has not taken yet, kept where a crash does not lose them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from controlplane.domain.purge_log import Kind


@dataclass(frozen=True, slots=True)
class Debt:
    """One owed purge. `ident` names it among all debts of the store; `tags` are as the log takes them."""

    ident: str
    kind: Kind
    tags: tuple[str, ...]


class Debts(Protocol):
    """One process's side of a store that several processes share; a debt has one debtor at a time.

    Methods may block for as long as the disk does (call them in a thread); only `owe` raises.
    """

    def owe(self, kind: Kind, tags: Sequence[str]) -> Debt:
        """Keep a purge; it survives kill -9 and a power cut once this returns. Raises Unavailable when it cannot be
        kept."""
        ...

    def claim(self) -> Sequence[Debt]:
        """The debts of processes that are gone, oldest first in each; from now on they are ours to deliver."""
        ...

    def settle(self, debt: Debt) -> bool:
        """The log has taken `debt`: forget it.

        False: the store could not be written, so it may be delivered once more (harmless: a purge again).
        """
        ...

    def close(self) -> None:
        """Give up what is still owed, for whoever claims it next."""
        ...
