"""The order of eviction: S3-FIFO's small and main queue, whose use follows the policy that suits the traffic.

A hit touches no queue: it counts in its entry and leaves the `mark` of the time there. Queues hold keys only; what was
dropped leaves a vacant place, which its key takes again if it comes back before the place reaches the head.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from controlplane.cache.entry import UNSEEN, Entry
from controlplane.cache.epochs import Epochs
from controlplane.cache.evicted import Evicted
from controlplane.cache.eviction import MOST_USES, S3_FIFO
from controlplane.cache.trial import Trial

# An epoch is a sixteenth of memory's turnover.
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
        self._main = Epochs()
        self._vacant: set[str] = set()
        self._evicted = Evicted()
        self._left = 1

    def marked(self, generation: int) -> tuple[int, int]:
        """The mark of an entry that is used now and was found valid at `generation`; one object for all of them."""
        if self.mark[0] != generation:
            self.mark = (generation, self.mark[1])
        return self.mark

    def enter(self, key: str) -> tuple[int, int]:
        """Give a key that is not in memory its place, before its entry is put there; the entry's mark."""
        left = self._left = self._left - 1
        if left <= 0:
            generation, epoch = self.mark
            self.mark, self.unseen = (generation, epoch + 1), (-1, epoch + 1)
            self._left = max(1, len(self._entries) // _EPOCHS)
        # As `fingerprint_of`, without the call.
        fingerprint = hash(key) & 0xFFFFFFFF
        trial = self.trial
        if not fingerprint & trial.left_out:
            trial.enter(key, fingerprint)
        if self._vacant and key in self._vacant:
            self._vacant.discard(key)
        elif (
            self._evicted.remembers and self._evicted.take(fingerprint, _remembered(len(self._entries)))
        ) or trial.policy.by_recency:
            self._main.append(key, self.mark[1])
        else:
            self._small.append(key)
        return self.unseen

    def victim(self) -> str:
        """Take out the key that leaves now; its entry is still in memory."""
        self.trial.evicting()
        while True:
            policy = self.trial.policy
            if policy.by_recency:
                self._abandon_small()
                key = self._longest_ago() if self._main else None
            elif self._small and (len(self._small) >= _part(len(self._entries), policy.small_share) or not self._main):
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
            self._small = deque(key for key in self._small if key not in self._vacant)
            self._main.take_out(self._vacant)
            self._vacant.clear()

    def places(self) -> int:
        """How many places there are, vacant ones included."""
        return len(self._small) + len(self._main)

    def clear(self) -> None:
        """Forget all keys."""
        self._small.clear()
        self._main.clear()
        self._vacant.clear()
        self._evicted.clear()
        self.trial.clear()

    def _from_small(self, promote_at: int) -> str | None:
        """The small queue's head: promoted, or the one that leaves."""
        key = self._small.popleft()
        if key in self._vacant:
            self._vacant.discard(key)
            return None
        entry = self._entries[key]
        if entry.uses >= promote_at:
            self.trial.recount(key, entry, 0)
            self._main.append(key, self.mark[1])
            return None
        self._evict(key, entry, is_remembered=True)
        return key

    def _from_main(self) -> str | None:
        """Main's head: once more for each use, or the one that leaves."""
        key = self._main.pop()
        if key in self._vacant:
            self._vacant.discard(key)
            return None
        entry = self._entries[key]
        uses = min(entry.uses, MOST_USES)
        if uses:
            self.trial.recount(key, entry, uses - 1)
            self._main.append(key, self.mark[1])
            return None
        self._evict(key, entry, is_remembered=False)
        return key

    def _longest_ago(self) -> str | None:
        """Main's head: back to the epoch of its last use, or the one that leaves."""
        key = self._main.pop()
        if key in self._vacant:
            self._vacant.discard(key)
            return None
        entry = self._entries[key]
        if entry.mark[1] > self._main.oldest:
            self._main.append(key, entry.mark[1])
            return None
        self._evict(key, entry, is_remembered=True)
        return key

    def _abandon_small(self) -> None:
        """By recency there is no small queue: bring some of its keys where they belong."""
        for _ in range(min(_MOVES, len(self._small))):
            key = self._small.popleft()
            entry = self._entries.get(key)
            if entry is None:
                self._vacant.discard(key)
            else:
                self._main.append(key, entry.mark[1])

    def _evict(self, key: str, entry: Entry, *, is_remembered: bool) -> None:
        self.trial.leave(key, entry.uses)
        if is_remembered:
            self._evicted.add(fingerprint_of(key), _remembered(len(self._entries)))


def _part(entries: int, share: float) -> int:
    return max(1, int(entries * share))


def _remembered(entries: int) -> int:
    """How many evicted keys are remembered: as many as S3-FIFO's main queue holds."""
    return max(1, entries - _part(entries, S3_FIFO.small_share))


def fingerprint_of(key: str) -> int:
    """32 bits that tell keys apart; the lowest are as good as any.

    Python has them ready, and salts them (SipHash): nobody outside can choose keys that sway the trial. So two
    processes may choose differently for the same traffic, but where PYTHONHASHSEED is set.
    """
    return hash(key) & 0xFFFFFFFF
