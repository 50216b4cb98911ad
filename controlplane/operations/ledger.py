"""Writes an operation's ledger into the shared store, and reads it back for checking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from controlplane.domain.instant import zulu
from controlplane.domain.ledger import (
    ANCHORS,
    CLOSING,
    LEDGERS,
    Chain,
    Finding,
    Kind,
    Line,
    anchor_key,
    anchor_of,
    appended,
    check,
    ledger_key,
)
from controlplane.errors import BadInput, Incomplete, LeaseLost, Unavailable
from controlplane.ports.clock import Clock
from controlplane.ports.shared_store import SharedStore


@dataclass
class Record:
    """One performer's pen. What cannot be written now is written with the next line: it never stops a failover."""

    store: SharedStore
    clock: Clock
    by: str
    operation: str
    head: str = ""
    owed: list[Line] = field(default_factory=list)

    def write(self, kind: Kind, said: str, facts: Mapping[str, Any] | None = None) -> None:
        """Append a line; the first and the closing one are anchored. Does not raise Unavailable."""
        self.note(kind, said, facts)
        try:
            self._write_owed()
        except Unavailable:
            return

    def note(self, kind: Kind, said: str, facts: Mapping[str, Any] | None = None) -> None:
        """Keep a line for the next write: several effects that follow at once need one."""
        self.owed.append(Line(zulu(self.clock.now().replace(microsecond=0)), self.by, kind, said, dict(facts or {})))

    def told(self, step: str, seconds: float) -> None:
        """A step that was done and read back, and how long it took."""
        closing = step == "close"
        self.write(Kind.CLOSED if closing else Kind.STEP, "done" if closing else step, {"seconds": seconds})

    @property
    def is_closed(self) -> bool:
        """Whether others have closed the chain; True also while that cannot be seen: nothing is added to it then."""
        try:
            return Chain.from_json(self.store.read(ledger_key(self.operation)), self.operation).is_closed
        except Unavailable:
            return True

    def _write_owed(self) -> None:
        lines = tuple(self.owed)

        def update(text: str | None) -> str:
            chain = Chain.from_json(text, self.operation)
            # An answer that was lost, and the line is there: it is not written twice.
            return text if text and _ends_with(chain, lines) else appended(chain, lines).to_json()

        chain = Chain.from_json(self.store.change(ledger_key(self.operation), update), self.operation)
        self.head = chain.head
        del self.owed[: len(lines)]
        anchor = anchor_of(chain, lines[-1].at).to_json()
        if any(line.kind is Kind.BEGUN for line in lines):
            self.store.change(anchor_key(self.operation, "begun"), lambda text: text or anchor)
        if lines[-1].kind in CLOSING:
            # A closed operation that owes something may be reopened and closed again: each closing has its anchor.
            self.store.change(anchor_key(self.operation, len(chain.entries)), lambda text: text or anchor)


@contextmanager
def recording(record: Record, *, begins: bool, said: str, facts: Mapping[str, Any]) -> Iterator[Record]:
    """Write how the performance began; if it raises, why it stopped."""
    record.write(Kind.BEGUN if begins else Kind.RESUMED, said, facts)
    try:
        yield record
    except Incomplete as error:
        for target, became in error.report.items():
            record.write(Kind.KEPT, f"{target}: {became}")
        record.write(Kind.FAILED, str(error))
        raise
    except LeaseLost as error:
        if not record.is_closed:
            record.write(Kind.FAILED, str(error))
        raise
    except Exception as error:
        record.write(Kind.FAILED, str(error))
        raise


def close(record: Record, said: str, kind: Kind = Kind.CLOSED) -> None:
    """See to it that an ended operation's chain says so and is anchored. Safe to run again. Raises Unavailable."""
    held = Chain.from_json(record.store.read(ledger_key(record.operation)), record.operation)
    if not held.is_closed:
        record.write(kind, said)
        return
    key = anchor_key(record.operation, len(held.entries))
    if record.store.read(key) is None:
        anchor = anchor_of(held, held.entries[-1].at).to_json()
        record.store.change(key, lambda text: text or anchor)


def chain(store: SharedStore, operation: str) -> Chain:
    """An operation's chain. Raises BadInput naming the known ones; ValueError where it cannot be read."""
    text = store.read(ledger_key(operation))
    if text is None:
        raise BadInput(f"no ledger of {operation!r}; known: {', '.join(operations(store)) or 'none'}")
    return Chain.from_json(text, operation)


def operations(store: SharedStore) -> list[str]:
    """The operations that have a ledger, or an anchor of one."""
    named = {name.removeprefix(LEDGERS) for name in store.names(LEDGERS)}
    return sorted(named | {name.removeprefix(ANCHORS).rpartition("/")[0] for name in store.names(ANCHORS)})


def verify(store: SharedStore, operation: str, announced: str | None = None) -> Finding:
    """Check one operation's chain against its anchors. Raises Unavailable."""
    anchors = [store.read(name) for name in store.names(f"{ANCHORS}{operation}/")]
    return check(store.read(ledger_key(operation)), operation, [text for text in anchors if text], announced)


def _ends_with(chain: Chain, lines: tuple[Line, ...]) -> bool:
    tail = chain.entries[-len(lines) :]
    return [(one.at, one.by, one.kind, one.said) for one in tail] == [(o.at, o.by, o.kind, o.said) for o in lines]
