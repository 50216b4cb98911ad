"""Compare and restore: how a change that will be taken back is journaled, made, and taken back. Pure.

Invariant: a write replaces only a value that the journal holds as `before`, or one of ours. So a value that others set
is never lost: it stays, or it is what comes back.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

Value = str | None
"""A setting's value; None where there is none (a key that does not exist)."""


class Entry(BaseModel):
    """What the journal keeps of one setting that we change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    before: Value
    """What stood there, and comes back."""
    ours: tuple[Value, ...]
    """What we wrote, or were about to write when a process died."""
    is_written: bool = False
    """Whether one of ours was read back: from then on `before` standing there again is somebody else's doing."""


class Act(enum.Enum):
    """What to do next about one setting."""

    NOTHING = "nothing"
    JOURNAL = "journal"
    WRITE = "write"
    CONFIRM = "confirm"
    DROP = "drop"
    KEEP = "keep"
    """Somebody else changed it: it stays as it is, and is named."""


class Wanted(NamedTuple):
    """What a setting shall be while somebody claims it."""

    value: Value


class Next(NamedTuple):
    """The next act; `value` is what to write, and only over what was observed. `entry` is the journal's line then."""

    act: Act
    entry: Entry | None = None
    value: Value = None


def next_act(wanted: Wanted | None, entry: Entry | None, observed: Value) -> Next:
    """What follows from the claim (None: nobody claims it any more), the journal and the world."""
    return _release(entry, observed) if wanted is None else _assert(wanted.value, entry, observed)


def _assert(value: Value, entry: Entry | None, observed: Value) -> Next:
    if entry is None:
        if observed == value:
            return Next(Act.NOTHING)
        return Next(Act.JOURNAL, Entry(before=observed, ours=(value,)))
    if observed == value:
        settled = Entry(before=entry.before, ours=(value,), is_written=True)
        is_settled = value not in entry.ours or entry == settled
        return Next(Act.NOTHING, entry) if is_settled else Next(Act.CONFIRM, settled)
    if not _is_replaceable(entry, observed):
        return Next(Act.KEEP, entry)
    if value not in entry.ours:
        return Next(Act.JOURNAL, entry.model_copy(update={"ours": (*entry.ours, value)}))
    return Next(Act.WRITE, entry, value)


def _release(entry: Entry | None, observed: Value) -> Next:
    if entry is None:
        return Next(Act.NOTHING)
    if observed == entry.before:
        return Next(Act.DROP)
    if observed in entry.ours:
        return Next(Act.WRITE, entry, entry.before)
    return Next(Act.KEEP)


def _is_replaceable(entry: Entry, observed: Value) -> bool:
    return observed in entry.ours or (observed == entry.before and not entry.is_written)
