"""Which eviction policy suits the traffic: each one runs as a ghost on a sample of the keys, and the fewest misses win.

No fixed policy is best everywhere: S3-FIFO resists scans and loops, LRU suits a working set that drifts, a wide small
queue lies between. The idea of simulating candidates on a sample: Waldspurger et al., "Cache Modeling and Optimization
using Miniature Simulations", USENIX ATC 2017. A hit costs memory nothing here: it counts in its entry, and the counts
of the sample's entries are read every few misses.
"""

from __future__ import annotations

from collections.abc import Mapping

from controlplane.cache.entry import Entry
from controlplane.cache.eviction import LRU, MOST_USES, S3_FIFO, WIDE, Eviction, Ghost, ghost

_CANDIDATES = (S3_FIFO, LRU, WIDE)
# At most so many keys in the sample: enough to tell the candidates apart, few enough to look through.
_SAMPLE = 768
_MISSES_PER_LOOK, _SHARE_PER_LOOK = 8, 32
# In accesses of the sample, as multiples of its size: what the ghosts need to fill, how long misses count, and when
# the third candidate may be chosen (its advantage on short loops is passing).
_WARM_UP, _WINDOW, _PATIENCE = 4, 30, 64
# S3-FIFO's main queue is slow to build: it is left only for 0.4 points of hit ratio. And nothing changes for a handful.
_RELUCTANCE, _HANDFUL = 0.004, 16.0


class Trial:
    """Names the policy to use now (`policy`). Sees the keys that enter and leave; fingerprints have 32 bits.

    A key with any of the bits `left_out` in its fingerprint is not in the sample.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.policy: Eviction = S3_FIFO
        self._entries = entries
        self._seen: dict[str, tuple[int, int]] = {}
        self._shift = self.left_out = 0
        self._is_live = False
        self._misses = 0
        self._begin()

    def enter(self, key: str, fingerprint: int) -> None:
        """A key of the sample that was not there enters memory."""
        if self._is_live:
            self._misses += 1
            if self._misses >= max(_MISSES_PER_LOOK, self._size // _SHARE_PER_LOOK):
                self._misses = 0
                self._look()
                self._choose()
            self._access(fingerprint)
        self._seen[key] = (fingerprint, 0)
        while len(self._seen) > _SAMPLE:
            self._shift += 1
            self.left_out = (1 << self._shift) - 1
            self._seen = {name: seen for name, seen in self._seen.items() if not seen[0] & self.left_out}
            self._begin()

    def recount(self, key: str, entry: Entry, uses: int) -> None:
        """`key`'s entry counts on from `uses`."""
        known = self._seen.get(key)
        if known is not None:
            self._repeat(known[0], entry.uses - known[1])
            self._seen[key] = (known[0], uses)
        entry.uses = uses

    def leave(self, key: str, uses: int) -> None:
        """`key` leaves memory, used `uses` times."""
        known = self._seen.pop(key, None)
        if known is not None:
            self._repeat(known[0], uses - known[1])

    def evicting(self) -> None:
        """Memory is full: from now on the policy matters."""
        if not self._is_live:
            self._is_live = True
            self._resize()
            for fingerprint, _ in self._seen.values():
                self._access(fingerprint)
            self._look()

    def clear(self) -> None:
        """Forget the keys, keep the choice."""
        self._seen.clear()
        self._is_live = False
        self._begin()

    def _begin(self) -> None:
        """Fresh ghosts."""
        self._ghosts: list[Ghost] = [ghost(policy, 1) for policy in _CANDIDATES]
        self._missed = [0.0] * len(_CANDIDATES)
        self._weight = 0.0
        self._accesses = 0
        self._resize()

    def _resize(self) -> None:
        """The ghosts hold what the sample's share of memory holds."""
        self._size = max(1, len(self._entries) >> self._shift)
        self._keep = 1 - 1 / (_WINDOW * self._size)
        for one in self._ghosts:
            one.capacity = self._size

    def _look(self) -> None:
        """Repeat on the ghosts what was hit since the last look."""
        self._resize()
        entries = self._entries
        used = [(key, known, uses) for key, known in self._seen.items() if (uses := entries[key].uses) != known[1]]
        for key, (fingerprint, before), uses in used:
            self._repeat(fingerprint, uses - before)
            self._seen[key] = (fingerprint, uses)

    def _repeat(self, fingerprint: int, times: int) -> None:
        if self._is_live:
            for _ in range(min(times, MOST_USES)):
                self._access(fingerprint)

    def _access(self, fingerprint: int) -> None:
        """One access on every ghost; older misses count less."""
        self._accesses += 1
        keep = self._keep if self._accesses > _WARM_UP * self._size else 0.0
        self._weight = self._weight * keep + 1
        self._missed = [
            missed * keep + (not one.access(fingerprint))
            for missed, one in zip(self._missed, self._ghosts, strict=True)
        ]

    def _choose(self) -> None:
        """Change only for clearly fewer misses."""
        now = _CANDIDATES.index(self.policy)
        ready = len(_CANDIDATES) if self._accesses > _PATIENCE * self._size else 2
        best = min(range(ready), key=self._missed.__getitem__)
        margin = _HANDFUL + (_RELUCTANCE * self._weight if self.policy is S3_FIFO else 0.0)
        if self._missed[best] + margin < self._missed[now]:
            self.policy = _CANDIDATES[best]
