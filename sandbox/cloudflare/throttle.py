"""Two limiters as pure state machines over a monotonic reading: the purge bucket and the API's call window."""

from __future__ import annotations

from collections import deque

from sandbox.cloudflare import limits


class TokenBucket:
    """Admits at most `size` at once and `rate` a second: any window of T seconds admits at most size + rate * T."""

    def __init__(self, rate: float, size: float, now: float) -> None:
        self._rate = rate
        self._size = size
        self._level = size
        self._at = now

    def take(self, count: int, now: float) -> float:
        """0.0 when `count` were taken; otherwise nothing was taken and the seconds until they could be."""
        self._level = min(self._size, self._level + max(0.0, now - self._at) * self._rate)
        self._at = max(self._at, now)
        if count <= self._level:
            self._level -= count
            return 0.0
        return (count - self._level) / self._rate


class CallWindow:
    """At most `limits.API_CALLS` calls in any 5 minutes; the one too many blocks everything for 5 minutes."""

    def __init__(self) -> None:
        self._calls: deque[float] = deque()
        self._blocked_until = float("-inf")

    def admit(self, now: float) -> float:
        """0.0 when the call was admitted, otherwise the seconds until calls are admitted again."""
        if now < self._blocked_until:
            return self._blocked_until - now
        while self._calls and self._calls[0] <= now - limits.API_WINDOW_SECONDS:
            self._calls.popleft()
        if len(self._calls) >= limits.API_CALLS:
            self._blocked_until = now + limits.API_BLOCK_SECONDS
            return limits.API_BLOCK_SECONDS
        self._calls.append(now)
        return 0.0

    def remaining(self) -> int:
        """Calls left in the current window."""
        return max(0, limits.API_CALLS - len(self._calls))

    def reset_in(self, now: float) -> float:
        """Seconds until the oldest call leaves the window, or until the block ends."""
        if now < self._blocked_until:
            return self._blocked_until - now
        return self._calls[0] + limits.API_WINDOW_SECONDS - now if self._calls else 0.0
