"""Takedowns: what must vanish and stay gone, where that is denied, and the card of each. Pure.

The register says what is denied; it is the truth that the edges, the regions' Redis and the origins follow. What is
denied stays so until somebody lifts it: copies that come back (an old snapshot, a purge that was lost) are not served.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from controlplane.domain.denied_paths import NotAPath, covers, least, spelt
from controlplane.domain.operation import Operation

TAKEDOWNS_KEY = "takedowns"
"""Register of the shared store: everything that is denied."""
DENY = "deny:"
"""Before a host: the edge store's key for what is denied there."""
RECEIPTS = "takedown-receipts/"
MOST_BYTES = 1024
"""Of the denials of one host: a value of CloudFront's key value store."""


class TooMuch(ValueError):
    """More is denied on one host than the edge can hold; the message says what can be done."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Taken(_Frozen):
    """One target: `paths` are (host, pattern) that the edges and origins deny, `tags` what origins deny besides,
    `purge` the tags by which copies are made to go.
    """

    paths: tuple[tuple[str, str], ...]
    tags: tuple[str, ...] = ()
    purge: tuple[str, ...]


class Entry(_Frozen):
    """A target that is denied: since when, by whom, by which operation."""

    taken: Taken
    at: str
    by: str
    operation: str


class Register(_Frozen):
    """`wedcache.takedowns/1`: target as typed -> what is denied. `epoch` grows with every change."""

    schema_: Literal["wedcache.takedowns/1"] = Field("wedcache.takedowns/1", alias="schema")
    epoch: int = 0
    entries: dict[str, Entry] = Field(default_factory=dict)

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str | None) -> Register:
        """Read the stored form; None is the empty register. Raises pydantic.ValidationError."""
        return cls() if text is None else cls.model_validate_json(text)

    def denied(self) -> dict[str, tuple[str, ...]]:
        """Host -> the patterns that are denied there."""
        found: dict[str, list[str]] = {}
        for entry in self.entries.values():
            for host, pattern in entry.taken.paths:
                found.setdefault(host, []).append(pattern)
        return {host: least(patterns) for host, patterns in sorted(found.items())}

    def purges(self) -> tuple[str, ...]:
        """Every tag whose copies must be gone."""
        return tuple(sorted({tag for entry in self.entries.values() for tag in entry.taken.purge}))

    def denies(self, host: str, path: str, tags: Iterable[str] = ()) -> str | None:
        """The target by which `path` (as asked, without its query) or content with `tags` is denied; None: it is not.

        What is not to be read as a path is denied nowhere: no origin knows it.
        """
        try:
            asked = spelt(path)
        except NotAPath:
            return None
        carried = set(tags)
        for target, entry in self.entries.items():
            there = (pattern for on, pattern in entry.taken.paths if on == host.lower())
            if any(covers(pattern, asked) for pattern in there) or carried.intersection(entry.taken.tags):
                return target
        return None


class TakedownCard(_Frozen):
    """`wedcache.takedown-intent/1`: stored before the first effect; any laptop finishes it from here.

    `urls` are (host, path), each of which has to be gone at every POP.
    """

    schema_: Literal["wedcache.takedown-intent/1"] = Field("wedcache.takedown-intent/1", alias="schema")
    id: str
    operation: Operation = Operation.TAKEDOWN
    target: str
    epoch: int
    digest: str
    by: str
    begun_at: str
    takes: dict[str, Taken]
    urls: tuple[tuple[str, str], ...]
    state: Literal["open", "done", "withdrawn"] = "open"
    seconds: dict[str, float] = Field(default_factory=dict)

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str) -> TakedownCard:
        """Read the stored form. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)


def digest_of(takes: Mapping[str, Taken]) -> str:
    """The plan's digest: what is taken down, wherever it was typed."""
    plan = {target: taken.model_dump(mode="json") for target, taken in takes.items()}
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()


def receipt_key(region: str) -> str:
    """Where a region's agent says which epoch of the register holds there."""
    return f"{RECEIPTS}{region}"


def taken_down(register: Register, card: TakedownCard) -> Register:
    """The register with the card's targets. The same card again changes nothing. Raises TooMuch."""
    new = {
        target: Entry(taken=taken, at=card.begun_at, by=card.by, operation=card.id)
        for target, taken in card.takes.items()
        if target not in register.entries or register.entries[target].taken != taken
    }
    if not new:
        return register
    after = register.model_copy(update={"epoch": register.epoch + 1, "entries": {**register.entries, **new}})
    edge_denials(after)
    return after


def edge_denials(register: Register) -> dict[str, str]:
    """The keys of the edge's store. Raises TooMuch for a host whose patterns do not fit."""
    found = {f"{DENY}{host}": " ".join(patterns) for host, patterns in register.denied().items()}
    for key, value in found.items():
        if len(value) > MOST_BYTES:
            raise TooMuch(
                f"{key.removeprefix(DENY)} would have {len(value.split())} denied paths in {len(value)} bytes, and the"
                f" edge holds {MOST_BYTES}: take down what they have in common, as /photos/*"
            )
    return found


def sample_urls(takes: Mapping[str, Taken], known: Mapping[str, Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """What to ask for to see that it is gone: each of `known` (host -> paths) that a pattern covers, and each pattern
    itself, so that something is asked for where nobody knows the paths.
    """
    found: dict[tuple[str, str], None] = {}
    for taken in takes.values():
        for host, pattern in taken.paths:
            found[host, pattern.removesuffix("*")] = None
            found |= {(host, path): None for path in known.get(host, ()) if covers(pattern, spelt(path))}
    return tuple(sorted(found))
