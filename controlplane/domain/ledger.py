"""The ledger: what became of an operation, as one hash chain, begun and closed by anchors outside the chain.

Each entry carries the hash of the one before it, so that a changed, dropped or inserted entry shows. A chain whose last
entries were cut off is still a chain: only an anchor (the closing one, or the head that was announced) shows that.
"""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LEDGERS = "ledger/"
ANCHORS = "anchors/"


class Kind(enum.Enum):
    """What an entry says of its operation."""

    BEGUN = "begun"
    RESUMED = "resumed"
    STEP = "step"
    FAILED = "failed"
    KEPT = "kept"
    """Something was left as it is on purpose: a value that others changed, a step that a vendor refused."""
    HANDED_OVER = "handed over"
    CLOSED = "closed"
    CANCELLED = "cancelled"


CLOSING = frozenset({Kind.CLOSED, Kind.CANCELLED})


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Entry(_Frozen):
    """One line of the chain: `n` counts from 1, `at` is the writer's calendar, `hash` covers all else and `prev`."""

    n: int
    at: str
    by: str
    kind: Kind
    said: str
    facts: dict[str, Any] = Field(default_factory=dict)
    prev: str
    hash: str

    def expected(self) -> str:
        """The hash that this entry must have."""
        return _hash(self.model_dump(mode="json", exclude={"hash"}))


class Chain(_Frozen):
    """`wedcache.ledger/1`: every entry of one operation, oldest first."""

    schema_: Literal["wedcache.ledger/1"] = Field("wedcache.ledger/1", alias="schema")
    operation: str
    entries: tuple[Entry, ...] = ()

    @property
    def head(self) -> str:
        """The hash of the last entry; before the first, the hash of the operation's name."""
        return self.entries[-1].hash if self.entries else _hash({"operation": self.operation})

    @property
    def is_closed(self) -> bool:
        """Whether the last entry ended the operation."""
        return bool(self.entries) and self.entries[-1].kind in CLOSING

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str | None, operation: str) -> Chain:
        """Read the stored form; None gives an empty chain. Raises ValueError (also pydantic's) for anything else."""
        if text is None:
            return cls(operation=operation)
        chain = cls.model_validate_json(text)
        if chain.operation != operation:
            raise ValueError(f"the ledger of {operation} holds the chain of {chain.operation}")
        return chain


class Anchor(_Frozen):
    """`wedcache.anchor/1`: the head of a chain at one moment, kept apart from the chain."""

    schema_: Literal["wedcache.anchor/1"] = Field("wedcache.anchor/1", alias="schema")
    operation: str
    n: int
    head: str
    at: str

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)


@dataclass(frozen=True)
class Line:
    """What somebody has to say, before it has its place in the chain."""

    at: str
    by: str
    kind: Kind
    said: str
    facts: Mapping[str, Any]


def ledger_key(operation: str) -> str:
    """The register that holds an operation's chain."""
    return f"{LEDGERS}{operation}"


def anchor_key(operation: str, n: int | Literal["begun", "closed"]) -> str:
    """The register of an anchor."""
    return f"{ANCHORS}{operation}/{n}"


def appended(chain: Chain, lines: Sequence[Line]) -> Chain:
    """The chain with `lines` at its end."""
    for line in lines:
        body = {
            "n": len(chain.entries) + 1,
            "at": line.at,
            "by": line.by,
            "kind": line.kind.value,
            "said": line.said,
            "facts": dict(line.facts),
            "prev": chain.head,
        }
        entry = Entry.model_validate({**body, "hash": _hash(body)})
        chain = chain.model_copy(update={"entries": (*chain.entries, entry)})
    return chain


def anchor_of(chain: Chain, at: str) -> Anchor:
    """The anchor of the chain as it is now."""
    return Anchor(operation=chain.operation, n=len(chain.entries), head=chain.head, at=at)


@dataclass(frozen=True)
class Finding:
    """What checking a chain found. `broken` says where it does not hold; `unsure` what cannot be excluded."""

    operation: str
    entries: int
    head: str
    broken: tuple[str, ...]
    unsure: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts the chain."""
        return not self.broken


def check(text: str | None, operation: str, anchors: Sequence[str], announced: str | None = None) -> Finding:
    """Check a stored chain against the stored anchors, and against the head that was announced where it is given."""
    try:
        chain = Chain.from_json(text, operation)
    except (ValidationError, ValueError) as error:
        said = str(error).splitlines()[0]
        return Finding(operation, 0, "", (f"the chain cannot be read: {said}",), ())
    broken = _links(chain)
    closes = False
    for one in anchors:
        try:
            anchor = Anchor.model_validate_json(one)
        except ValidationError:
            broken.append("an anchor cannot be read")
            continue
        broken += _against(chain, anchor)
        closes = closes or (chain.is_closed and anchor.n == len(chain.entries))
    if not chain.entries and not broken:
        broken.append("there is no entry")
    if announced is not None and announced not in {entry.hash for entry in chain.entries}:
        broken.append(f"the announced head {announced[:16]} is no entry of the chain")
    unsure = () if closes or announced is not None else (_UNSURE,)
    return Finding(operation, len(chain.entries), chain.head, tuple(broken), unsure)


_UNSURE = "no closing anchor: that the last entries were cut off cannot be excluded (give the announced --head)"


def _links(chain: Chain) -> list[str]:
    broken = []
    prev = Chain(operation=chain.operation).head
    for number, entry in enumerate(chain.entries, 1):
        if entry.n != number:
            broken.append(f"entry {number} says that it is entry {entry.n}")
        if entry.prev != prev:
            broken.append(f"entry {number} does not follow the one before it")
        if entry.hash != entry.expected():
            broken.append(f"entry {number} was changed: its hash is not that of its words")
        prev = entry.hash
    return broken


def _against(chain: Chain, anchor: Anchor) -> list[str]:
    if anchor.operation != chain.operation:
        return [f"an anchor is that of {anchor.operation}"]
    if len(chain.entries) < anchor.n:
        return [f"the chain has {len(chain.entries)} entries, its anchor of {anchor.at} saw {anchor.n}: cut off"]
    if anchor.n < 1 or chain.entries[anchor.n - 1].hash != anchor.head:
        return [f"entry {anchor.n} is not the one that the anchor of {anchor.at} saw"]
    return []


def _hash(body: Mapping[str, Any]) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
