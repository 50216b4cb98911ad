"""The hottest keys, by the space-saving algorithm over a sample of the hits.

Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (ICDT 2005):
with m counters every key with more than a share 1/m of the sample is among them, and its count is too high by at most
the smallest count. Pure.
"""

from __future__ import annotations

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
    """At most `counters` keys at once. `note` is called for one hit of `sample`."""

    def __init__(self, counters: int = 128, sample: int = SAMPLE) -> None:
        self._counters = counters
        self._sample = sample
        self._counts: dict[str, int] = {}
        self._errors: dict[str, int] = {}

    def note(self, key: str) -> None:
        """One sampled hit of `key`; without a free counter it takes over the smallest one."""
        counts = self._counts
        if key in counts:
            counts[key] += 1
        elif len(counts) < self._counters:
            counts[key], self._errors[key] = 1, 0
        else:
            smallest = min(counts, key=counts.__getitem__)
            least = counts.pop(smallest)
            del self._errors[smallest]
            counts[key], self._errors[key] = least + 1, least

    def top(self, most: int = 10) -> list[HotKey]:
        """The hottest keys, first first; their counts stand for all hits, not for the sample."""
        hottest = sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:most]
        return [HotKey(key, count * self._sample, self._errors[key] * self._sample) for key, count in hottest]

    def clear(self) -> None:
        """Begin anew."""
        self._counts.clear()
        self._errors.clear()
