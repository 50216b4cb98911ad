"""Memory: the first tier, bounded by entries and by bytes, evicting what was used longest ago."""

from __future__ import annotations

from collections import OrderedDict

from controlplane.cache.entry import Entry

# What an entry costs beyond its key and value: object, tags, links (measured with tracemalloc, CPython 3.11).
_OVERHEAD = 240


class Memory:
    """Entries by key. Not for several threads."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self.evicted = 0
        self.bytes = 0
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> Entry | None:
        """The entry, which becomes the most recently used one."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> bool:
        """Keep `entry`, evicting until both bounds hold.

        False: a newer one is there, or it alone is larger than the bound.
        """
        known = self._entries.get(key)
        if known is not None and known is not entry and known.is_newer_than(entry):
            return False
        self.drop(key)
        if entry.size + _OVERHEAD > self._max_bytes:
            return False
        self._entries[key] = entry
        self.bytes += entry.size + _OVERHEAD
        while len(self._entries) > self._max_entries or self.bytes > self._max_bytes:
            _, gone = self._entries.popitem(last=False)
            self.bytes -= gone.size + _OVERHEAD
            self.evicted += 1
        return True

    def drop(self, key: str) -> None:
        """Forget the entry, if there is one."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.bytes -= entry.size + _OVERHEAD

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.bytes = 0
