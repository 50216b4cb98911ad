"""Memory: the first tier, bounded by entries and by bytes, resistant to scans and adapting to the traffic."""

from __future__ import annotations

from collections.abc import Callable

from controlplane.cache.entry import Entry
from controlplane.cache.queues import Queues
from controlplane.cache.stats import Stats

# What an entry costs beyond its key and value: object, tags, places (measured with tracemalloc, CPython 3.11).
OVERHEAD = 240

OnEvict = Callable[[str, Entry], None]


class Memory:
    """Entries by key. Not for several threads.

    `entries` is read directly on the hot path; a hit adds one to its entry's `uses` and leaves `queues.mark` in it,
    nothing else. `stats` count what left for want of room (`evicted`) and what alone exceeds `max_bytes`
    (`memory_refused`). `on_evict` is told what left for want of room, after both bounds hold again; what it raises
    reaches the caller of `put`.
    """

    def __init__(
        self, max_entries: int, max_bytes: int, on_evict: OnEvict | None = None, stats: Stats | None = None
    ) -> None:
        self.entries: dict[str, Entry] = {}
        self.queues = Queues(self.entries)
        self.on_evict = on_evict
        self.bytes = 0
        self.stats = stats or Stats()
        self._max_entries = max_entries
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, key: str) -> Entry | None:
        """The entry, used once more."""
        entry = self.entries.get(key)
        if entry is not None:
            entry.uses += 1
            queues = self.queues
            entry.mark = queues.mark if entry.mark[0] == queues.mark[0] else queues.unseen
        return entry

    def put(self, key: str, entry: Entry) -> bool:
        """Keep `entry`, evicting until both bounds hold.

        False: a newer one is there, or it alone is larger than the bound (then an older one has left as well).
        """
        entries = self.entries
        size = self.bytes + entry.size + len(key) + OVERHEAD
        if key in entries:
            return self._replace(key, entries[key], entry)
        gone = None
        if size > self._max_bytes or len(entries) >= self._max_entries:
            if size - self.bytes > self._max_bytes:
                self.stats.memory_refused += 1
                return False
            gone = self._make_room(1, size - self.bytes)
            size = self.bytes + cost_of(key, entry)
        entry.uses = 0
        entry.mark = self.queues.enter(key)
        if not entry.key:
            entry.shelve(key)
        entries[key] = entry
        self.bytes = size
        if gone:
            self._tell(gone)
        return True

    def drop(self, key: str) -> None:
        """Forget the entry, if there is one."""
        entry = self.entries.pop(key, None)
        if entry is not None:
            self.bytes -= cost_of(key, entry)
            self.queues.leave(key, entry)

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
        self.queues.clear()
        self.bytes = 0

    def _replace(self, key: str, known: Entry, entry: Entry) -> bool:
        """Put another entry in the place that the key has, unless it is older."""
        if known is not entry and known.is_newer_than(entry):
            return False
        if cost_of(key, entry) > self._max_bytes:
            self.stats.memory_refused += 1
            self.drop(key)
            return False
        entry.uses, entry.mark = known.uses, self.queues.unseen
        entry.shelve(key)
        self.bytes += cost_of(key, entry) - cost_of(key, known)
        self.entries[key] = entry
        gone = self._make_room(0, 0)
        self._tell(gone)
        return self.entries.get(key) is entry

    def _make_room(self, entries: int, size: int) -> list[tuple[str, Entry]]:
        """Evict until so much more fits; what left."""
        gone = []
        while len(self.entries) + entries > self._max_entries or self.bytes + size > self._max_bytes:
            key = self.queues.victim()
            entry = self.entries.pop(key)
            self.bytes -= cost_of(key, entry)
            self.stats.evicted += 1
            gone.append((key, entry))
        return gone

    def _tell(self, gone: list[tuple[str, Entry]]) -> None:
        if self.on_evict is not None:
            for key, entry in gone:
                self.on_evict(key, entry)


def cost_of(key: str, entry: Entry) -> int:
    """What an entry counts against the bound in bytes: its value's size, its key's length, and what holds them."""
    return entry.size + len(key) + OVERHEAD
