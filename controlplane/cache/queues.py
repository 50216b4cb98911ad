"""The order of eviction: S3-FIFO's small and main queue, whose use follows the policy that suits the traffic.

A hit touches no queue: it counts in its entry and leaves the `mark` of the time there. Queues hold keys only; what was
dropped leaves a vacant place, which its key takes again if it comes back before the place reaches the head.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from zlib import crc32

from controlplane.cache.entry import UNSEEN, Entry
from controlplane.cache.evicted import Evicted
from controlplane.cache.eviction import MOST_USES, S3_FIFO
from controlplane.cache.trial import Trial

# Main is kept as one queue per epoch, an epoch being a sixteenth of memory's turnover: to take what was used longest
# ago, it is enough to know in which epoch.
_EPOCHS = 16
# At most so many keys leave an abandoned small queue per eviction.
_MOVES = 8


class Queues:
    """Says which key leaves next. Every key of `entries` has exactly one place here.

    `mark` is that of what is used now: the barriers' generation that was seen last, and the epoch; `unseen` that of
    what was not judged yet.
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self.mark = UNSEEN
        self.unseen = UNSEEN
        self.trial = Trial(entries)
        self._entries = entries
        self._small: deque[str] = deque()
        self._main: dict[int, deque[str]] = {}
        self._in_main = 0
        self._oldest = 0
        self._vacant: set[str] = set()
        self._evicted = Evicted()
        self._left = 1

    def marked(self, generation: int) -> tuple[int, int]:
        """The mark of an entry that is used now and was found valid at `generation`; one object for all of them."""
        if self.mark[0] != generation:
            self.mark = (generation, self.mark[1])
        return self.mark

    def enter(self, key: str) -> None:
        """Give a key that is not in memory its place, before its entry is put there."""
        fingerprint = fingerprint_of(key)
        self._left -= 1
        if self._left <= 0:
            self._next_epoch()
            self._left = max(1, len(self._entries) // _EPOCHS)
        self.trial.enter(key, fingerprint)
        if key in self._vacant:
            self._vacant.discard(key)
        elif self._evicted.take(fingerprint, self._remembered()) or self.trial.policy.by_recency:
            self._append(key, self.mark[1])
        else:
            self._small.append(key)

    def victim(self) -> str:
        """Take out the key that leaves now; its entry is still in memory."""
        self.trial.evicting()
        while True:
            policy = self.trial.policy
            if policy.by_recency:
                self._abandon_small()
                key = self._longest_ago()
            elif self._small and (len(self._small) >= self._share(policy.small_share) or not self._in_main):
                key = self._from_small(policy.promote_at)
            else:
                key = self._from_main()
            if key is not None:
                return key

    def leave(self, key: str, entry: Entry) -> None:
        """`key` is dropped from memory: its place is vacant."""
        self.trial.leave(key, entry.uses)
        self._vacant.add(key)
        if len(self._vacant) > len(self._entries) + 64:
            self._sweep()

    def places(self) -> int:
        """How many places there are, vacant ones included."""
        return len(self._small) + self._in_main

    def clear(self) -> None:
        """Forget all keys."""
        self._small.clear()
        self._main.clear()
        self._vacant.clear()
        self._evicted.clear()
        self.trial.clear()
        self._in_main = 0

    def _from_small(self, promote_at: int) -> str | None:
        """The small queue's head: promoted, or the one that leaves."""
        key = self._small.popleft()
        if key in self._vacant:
            self._vacant.discard(key)
            return None
        entry = self._entries[key]
        if entry.uses >= promote_at:
            self._recount(key, entry, 0)
            self._append(key, self.mark[1])
            return None
        self._evict(key, entry, is_remembered=True)
        return key

    def _from_main(self) -> str | None:
        """Main's head: once more for each use, or the one that leaves."""
        key = self._head()
        if key is None:
            return None
        entry = self._entries[key]
        uses = min(entry.uses, MOST_USES)
        if uses:
            self._recount(key, entry, uses - 1)
            self._append(key, self.mark[1])
            return None
        self._evict(key, entry, is_remembered=False)
        return key

    def _longest_ago(self) -> str | None:
        """Main's head: back to the epoch of its last use, or the one that leaves."""
        key = self._head()
        if key is None:
            return None
        entry = self._entries[key]
        if entry.mark[1] > self._oldest:
            self._append(key, entry.mark[1])
            return None
        self._evict(key, entry, is_remembered=True)
        return key

    def _head(self) -> str | None:
        """The first key of the oldest epoch's queue; None for a vacant place, or none at all."""
        if not self._in_main:
            return None
        while not (queue := self._main.get(self._oldest)):
            self._main.pop(self._oldest, None)
            self._oldest = min(self._main)
        key = queue.popleft()
        self._in_main -= 1
        if key in self._vacant:
            self._vacant.discard(key)
            return None
        return key

    def _append(self, key: str, epoch: int) -> None:
        queue = self._main.get(epoch)
        if queue is None:
            queue = self._main[epoch] = deque()
            self._oldest = min(self._oldest, epoch)
        queue.append(key)
        self._in_main += 1

    def _abandon_small(self) -> None:
        """By recency there is no small queue: bring some of its keys where they belong."""
        for _ in range(min(_MOVES, len(self._small))):
            key = self._small.popleft()
            entry = self._entries.get(key)
            if entry is None:
                self._vacant.discard(key)
            else:
                self._append(key, entry.mark[1])

    def _next_epoch(self) -> None:
        generation, epoch = self.mark
        self.mark, self.unseen = (generation, epoch + 1), (-1, epoch + 1)

    def _recount(self, key: str, entry: Entry, uses: int) -> None:
        self.trial.count(key, entry.uses, uses)
        entry.uses = uses

    def _evict(self, key: str, entry: Entry, *, is_remembered: bool) -> None:
        self.trial.leave(key, entry.uses)
        if is_remembered:
            self._evicted.add(fingerprint_of(key), self._remembered())

    def _share(self, share: float) -> int:
        return max(1, int(len(self._entries) * share))

    def _remembered(self) -> int:
        """How many evicted keys are remembered: as many as S3-FIFO's main queue holds."""
        return max(1, len(self._entries) - self._share(S3_FIFO.small_share))

    def _sweep(self) -> None:
        """Close the vacant places; there are more of them than entries."""
        vacant = self._vacant
        self._small = deque(key for key in self._small if key not in vacant)
        self._main = {
            epoch: deque(key for key in queue if key not in vacant) for epoch, queue in self._main.items() if queue
        }
        self._in_main = sum(map(len, self._main.values()))
        vacant.clear()


def fingerprint_of(key: str) -> int:
    """32 bits that tell keys apart, the same in every process; the lowest are as good as any."""
    return crc32(key.encode(errors="replace")) * 0x9E3779B1 >> 7 & 0xFFFFFFFF
