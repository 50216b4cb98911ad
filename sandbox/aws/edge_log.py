"""What POPs have to learn: a number that grows with every change that matters to them, and who has applied which."""

from __future__ import annotations

import threading


class EdgeLog:
    """The sequence of edge changes and the POPs' acknowledgements. Callers hold the world's lock except in `wait`."""

    def __init__(self, lock: threading.RLock) -> None:
        self._changed = threading.Condition(lock)
        self._acks: dict[str, int] = {}
        self.seq = 0

    def grow(self) -> int:
        """A change happened: the next number. Wakes every POP that waits."""
        self.seq += 1
        self._changed.notify_all()
        return self.seq

    def wait(self, after: int, seconds: float) -> bool:
        """Wait until the number differs from `after` (larger, or the emulator was restarted); False after `seconds`."""
        with self._changed:
            return self._changed.wait_for(lambda: self.seq != after, timeout=seconds)

    def acknowledge(self, pop: str, seq: int) -> None:
        """`pop` has applied everything up to `seq`."""
        self._acks[pop] = max(seq, self._acks.get(pop, 0))

    def pops(self) -> dict[str, int]:
        """The POPs that ever acknowledged, and what they have applied."""
        return dict(self._acks)

    def reached(self, seq: int) -> bool:
        """Whether every known POP has applied `seq`; True while no POP is known."""
        return all(applied >= seq for applied in self._acks.values())
