"""A cap on refreshes per second, so that a lost purge log never turns into a rush on the origin."""

from __future__ import annotations


class RefreshCap:
    """A token bucket that holds one second's worth. Pure: elapsed time is an argument."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._tokens = rate
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Whether one more refresh may begin at monotonic second `now`."""
        self._tokens = min(self._rate, self._tokens + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
