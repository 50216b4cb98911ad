"""What a POP keeps: entries by key, found again by tag, host, path and prefix, and the purges that it has carried out.

Every purge has a number. A fetch remembers the number that stood when it began; what it brings back is laid beside the
purges since then, so that a purge also reaches answers that were under way.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sandbox.pop.messages import Response

MEMORY_LIMIT = 256 * 1024 * 1024
PURGES_REMEMBERED = 4096


@dataclass(frozen=True)
class Entry:
    """A kept answer. All times are calendar seconds; `ttl`, `swr`, `sie`, `limit` are seconds.

    `scope` is the distribution or zone, `target` path and query as in the key. `sie` None: the origin did not send the
    directive. `limit`: age after which nothing is served any more. `forgiving`: without `sie`, an expired copy answers
    for an origin that fails. `soft_at`: when a soft purge marked it stale. `retry_at`: the origin is left alone until.
    """

    key: str
    scope: str
    host: str
    target: str
    response: Response
    stored_at: float
    ttl: float
    swr: float = 0.0
    sie: float | None = None
    limit: float = float("inf")
    forgiving: bool = False
    tags: frozenset[str] = frozenset()
    soft_at: float | None = None
    retry_at: float = 0.0

    @property
    def fresh_until(self) -> float:
        """The calendar instant at which it stops being fresh."""
        end = self.stored_at + min(self.ttl, self.limit)
        return end if self.soft_at is None else min(end, self.soft_at)

    @property
    def swr_until(self) -> float:
        """Until when it may be served while a fresh copy is fetched."""
        return min(self.fresh_until + self.swr, self.stored_at + self.limit)

    @property
    def error_until(self) -> float:
        """Until when it may be served in place of an origin's failure."""
        gone = self.stored_at + self.limit
        if self.sie is None:
            return gone if self.forgiving else self.fresh_until
        return min(self.fresh_until + self.sie, gone)


@dataclass(frozen=True)
class Purge:
    """One purge order: everything in `scope` that `matches`; soft marks stale, hard deletes."""

    scope: str
    soft: bool
    matches: Callable[[Entry], bool]
    tags: frozenset[str] | None = None
    number: int = field(default=0, compare=False)


class Entries:
    """The POP's storage; least recently used entries leave first when `memory_limit` bytes of bodies are exceeded."""

    def __init__(self, memory_limit: int = MEMORY_LIMIT) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._by_tag: dict[str, set[str]] = {}
        self._purges: deque[Purge] = deque(maxlen=PURGES_REMEMBERED)
        self._bytes = 0
        self._limit = memory_limit
        self.purged = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Entry | None:
        """The entry under `key`, whatever its age."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, entry: Entry, since: int, now: float) -> Entry | None:
        """Keep `entry`, fetched from purge number `since` on; None if a hard purge since then forbids it."""
        kept = entry
        if since < self.purged:
            for purge in self._purges:
                if purge.number <= since or purge.scope != entry.scope or not purge.matches(entry):
                    continue
                if not purge.soft:
                    return None
                kept = replace(kept, soft_at=now)
            if since < self.purged - len(self._purges):
                return None
        self.replace(kept)
        return kept

    def replace(self, entry: Entry) -> None:
        """Put `entry` under its key without asking the purges: for a change to what is already kept."""
        self.drop(entry.key)
        self._entries[entry.key] = entry
        self._bytes += len(entry.response.body)
        for tag in entry.tags:
            self._by_tag.setdefault(tag, set()).add(entry.key)
        while self._bytes > self._limit and len(self._entries) > 1:
            self.drop(next(iter(self._entries)))

    def drop(self, key: str) -> None:
        """Forget one entry, if it is there."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return
        self._bytes -= len(entry.response.body)
        for tag in entry.tags:
            keys = self._by_tag[tag]
            keys.discard(key)
            if not keys:
                del self._by_tag[tag]

    def purge(self, purge: Purge, now: float) -> int:
        """Carry out a purge at `now`; returns how many entries it touched."""
        self.purged += 1
        self._purges.append(replace(purge, number=self.purged))
        touched = [entry for entry in self._candidates(purge) if entry.scope == purge.scope and purge.matches(entry)]
        for entry in touched:
            if purge.soft:
                self._entries[entry.key] = replace(entry, soft_at=min(now, entry.soft_at or now), retry_at=0.0)
            else:
                self.drop(entry.key)
        return len(touched)

    def _candidates(self, purge: Purge) -> list[Entry]:
        """By the tag index where the purge names tags, else all."""
        if purge.tags is None:
            return list(self._entries.values())
        keys = {key for tag in purge.tags for key in self._by_tag.get(tag, ())}
        return [self._entries[key] for key in keys]
