"""Which eviction policies memory chooses from, and each of them as a ghost: keys only, to count what it would miss."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Protocol

# As S3-FIFO's two-bit counter (Yang et al., "FIFO queues are all you need for cache eviction", SOSP 2023).
MOST_USES = 3


@dataclass(frozen=True, slots=True)
class Eviction:
    """How to choose what leaves.

    `small_share` of the entries wait in the small queue; those used `promote_at` times there move on to the main one.
    `by_recency`: no small queue, and what was used longest ago leaves first.
    """

    name: str
    small_share: float
    promote_at: int
    by_recency: bool = False


S3_FIFO = Eviction("s3-fifo", 0.1, 2)
LRU = Eviction("lru", 0.0, 1, by_recency=True)
WIDE = Eviction("wide", 0.3, 1)


class Ghost(Protocol):
    """A policy run on keys alone."""

    capacity: int

    def access(self, key: int) -> bool:
        """Whether `key` would have been there; it is afterwards."""


class RecencyGhost:
    """Least recently used."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._keys: OrderedDict[int, None] = OrderedDict()

    def access(self, key: int) -> bool:
        """A hit moves to the end; a miss enters there."""
        if key in self._keys:
            self._keys.move_to_end(key)
            return True
        while len(self._keys) >= self.capacity:
            self._keys.popitem(last=False)
        self._keys[key] = None
        return False


class QueuesGhost:
    """S3-FIFO with a given small share and promotion threshold; it remembers as many evicted keys as main may hold."""

    def __init__(self, capacity: int, policy: Eviction) -> None:
        self.capacity = capacity
        self._policy = policy
        self._uses: dict[int, int] = {}
        self._small: deque[int] = deque()
        self._main: deque[int] = deque()
        self._gone: OrderedDict[int, None] = OrderedDict()

    def access(self, key: int) -> bool:
        """A hit counts up to three; a miss enters the small queue, or the main one if its eviction is remembered."""
        uses = self._uses.get(key)
        if uses is not None:
            if uses < MOST_USES:
                self._uses[key] = uses + 1
            return True
        small = max(1, int(self.capacity * self._policy.small_share))
        while len(self._uses) >= self.capacity:
            self._evict(small)
        known = key in self._gone
        if known:
            del self._gone[key]
        self._uses[key] = 0
        (self._main if known else self._small).append(key)
        return False

    def _evict(self, small: int) -> None:
        """Move heads until one has left."""
        while True:
            if len(self._small) >= small or not self._main:
                key = self._small.popleft()
                if self._uses[key] < self._policy.promote_at:
                    self._remember(key, self.capacity - small)
                    return
                self._uses[key] = 0
                self._main.append(key)
            else:
                key = self._main.popleft()
                if not self._uses[key]:
                    del self._uses[key]
                    return
                self._uses[key] -= 1
                self._main.append(key)

    def _remember(self, key: int, most: int) -> None:
        del self._uses[key]
        self._gone[key] = None
        while len(self._gone) > most:
            self._gone.popitem(last=False)


def ghost(policy: Eviction, capacity: int) -> Ghost:
    """`policy` on keys alone, holding at most `capacity` of them."""
    return RecencyGhost(capacity) if policy.by_recency else QueuesGhost(capacity, policy)
