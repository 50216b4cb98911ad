"""The hottest keys, by the space-saving algorithm over a sample of the hits.

Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (ICDT 2005):
with m counters every key with more than a share 1/m of the sample is among them, and its count is too high by at most
the smallest count."""

from __future__ import annotations

import threading
from typing import NamedTuple

SAMPLE = 64
SAMPLE_MASK = SAMPLE - 1
"""Every 64th hit is looked at, so that sampling costs a hit the test of an integer and nothing else."""


class HotKey(NamedTuple):
    """A key, about how many hits it had, and by how much that may be too high."""

    key: str
    hits: int
    error: int


class HotKeys:
    """At most `counters` keys at once. `note` is called for one hit of `sample`, and takes the same time whatever it
    meets: keys stand in a bucket for each count, and a count only ever grows by one.
    """

    def __init__(self, counters: int = 128, sample: int = SAMPLE) -> None:
        self._counters = counters
        self._sample = sample
        self._turn = threading.Lock()
        self._least = 1
        self.clear()

    def note(self, key: str) -> None:
        """One sampled hit of `key`; without a free counter it takes over one of the smallest.

        From any thread: a hit that meets another thread here is not counted, so that none ever waits.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._count(key)
            finally:
                self._turn.release()

    def _count(self, key: str) -> None:
        """As `note`, alone."""
        count = self._counts.get(key)
        if count is None:
            count = self._least if len(self._counts) >= self._counters else 0
            self._errors[key] = count
            if count:
                gone = next(iter(self._buckets[count]))
                self._leave(gone, count)
                del self._counts[gone], self._errors[gone]
            else:
                self._least = 1
        else:
            self._leave(key, count)
        self._counts[key] = count + 1
        self._buckets.setdefault(count + 1, {})[key] = None
        if self._least not in self._buckets:
            self._least += 1

    def top(self, most: int = 10) -> list[HotKey]:
        """The hottest keys, first first; their counts stand for all hits, not for the sample."""
        hottest = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:most]
        return [HotKey(key, count * self._sample, self._errors.get(key, 0) * self._sample) for key, count in hottest]

    def clear(self) -> None:
        """Begin anew."""
        self._counts: dict[str, int] = {}
        self._errors: dict[str, int] = {}
        self._buckets: dict[int, dict[str, None]] = {}
        self._least = 1

    def _leave(self, key: str, count: int) -> None:
        """Take a key out of its bucket."""
        bucket = self._buckets[count]
        del bucket[key]
        if not bucket:
            del self._buckets[count]
