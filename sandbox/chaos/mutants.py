"""Laptops with one thing missing: each must turn a trial red, or chaos proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from controlplane.operations import fail_over, leases
from controlplane.operations.fenced import FencedStore
from controlplane.operations.ledger import Record
from sandbox.chaos.points import AFTER, BEFORE, Strike

SCENE = "failover"


@dataclass(frozen=True)
class Mutant:
    """`make` breaks this process, and `strike` is where it shows; `why` says what should have been done."""

    make: Callable[[], None]
    strike: Strike
    why: str


def _broken(owner: Any, name: str, does: Callable[..., Any]) -> Callable[[], None]:
    """A function that replaces `name` of `owner`, which must be there: what was renamed proves nothing."""

    def make() -> None:
        getattr(owner, name)
        setattr(owner, name, does)

    return make


MUTANTS: dict[str, Mutant] = {
    "without a card": Mutant(
        _broken(fail_over, "claim", lambda _, wanted: wanted),
        Strike(2, AFTER),
        "the intent is stored before the first effect",
    ),
    "without a ledger": Mutant(
        _broken(Record, "_write_owed", lambda _: None),
        Strike(5, AFTER),
        "what was done is written down",
    ),
    "without a lease": Mutant(
        _broken(leases.Held, "check", lambda _: None),
        Strike(5, BEFORE, stops=True),
        "the lease is looked at before each effect",
    ),
    "without a fence": Mutant(
        _broken(FencedStore, "change", lambda own, key, update: own.store.change(key, update)),
        Strike(2, BEFORE, stops=True),
        "the lease is looked at between a register's read and its write",
    ),
}
