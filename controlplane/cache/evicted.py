"""Which keys were evicted lately: 20 bytes a key, by a fingerprint of 32 bits, forgotten in the order of eviction."""

from __future__ import annotations

from array import array

_WAYS = 4
_NUMBER_BITS = 32
_LOWEST = (1 << _NUMBER_BITS) - 1


class Evicted:
    """The last keys evicted, as S3-FIFO's ghost queue needs them.

    A table of buckets of four, twice as large as what it remembers; a full bucket forgets its oldest key early (one in
    twenty). Each cell is a fingerprint and the number of the eviction. Two keys with one fingerprint are taken for one
    another, which costs nothing but a place in the wrong queue. `remembers`: any key at all.
    """

    def __init__(self) -> None:
        self._cells = array("Q")
        self._buckets = 0
        self._number = 0
        self.remembers = False

    def add(self, fingerprint: int, most: int) -> None:
        """Remember one more key, of at most `most`."""
        if most * 2 > self._buckets * _WAYS or self._number == _LOWEST:
            self._grow(most * 2)
        self._number += 1
        cells = self._cells
        first = fingerprint % self._buckets * _WAYS
        oldest = min(range(first, first + _WAYS), key=lambda place: cells[place] & _LOWEST)
        cells[oldest] = fingerprint << _NUMBER_BITS | self._number

    def take(self, fingerprint: int, most: int) -> bool:
        """Whether the key was among the last `most`; it is no longer remembered."""
        if not self._buckets:
            return False
        cells = self._cells
        first = fingerprint % self._buckets * _WAYS
        for place in range(first, first + _WAYS):
            cell = cells[place]
            if cell >> _NUMBER_BITS == fingerprint and cell & _LOWEST:
                cells[place] = 0
                return (cell & _LOWEST) > self._number - most
        return False

    def clear(self) -> None:
        """Forget all."""
        self._cells = array("Q")
        self._buckets = self._number = 0
        self.remembers = False

    def _grow(self, keys: int) -> None:
        """A larger table, which begins empty: a cache that grows has evicted nothing for long."""
        self.clear()
        self._buckets = keys * 5 // 4 // _WAYS + 1
        self._cells = array("Q", bytes(8 * _WAYS * self._buckets))
        self.remembers = True
