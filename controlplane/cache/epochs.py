"""The main queue, kept as one queue of keys per epoch: to take what was used longest ago, its epoch is enough."""

from __future__ import annotations

from collections import deque
from collections.abc import Container


class Epochs:
    """Keys by epoch; the oldest epoch's first key is the head. `oldest` is the epoch that the last head came from."""

    def __init__(self) -> None:
        self.oldest = 0
        self._queues: dict[int, deque[str]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def append(self, key: str, epoch: int) -> None:
        """Put `key` last in its epoch."""
        queue = self._queues.get(epoch)
        if queue is None:
            queue = self._queues[epoch] = deque()
            self.oldest = min(self.oldest, epoch)
        queue.append(key)
        self._length += 1

    def pop(self) -> str:
        """Take out the head; there must be one."""
        while not (queue := self._queues.get(self.oldest)):
            self._queues.pop(self.oldest, None)
            self.oldest = min(self._queues)
        self._length -= 1
        return queue.popleft()

    def take_out(self, keys: Container[str]) -> None:
        """Take out all of these."""
        self._queues = {
            epoch: deque(key for key in queue if key not in keys) for epoch, queue in self._queues.items() if queue
        }
        self._length = sum(map(len, self._queues.values()))

    def clear(self) -> None:
        """Take out all."""
        self._queues.clear()
        self._length = 0
