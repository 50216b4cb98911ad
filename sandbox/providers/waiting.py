"""Waiting for a vendor to finish what it began."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sandbox.providers.refusals import NotReady, patiently

T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0


def wait_until(
    look: Callable[[], T],
    is_ready: Callable[[T], bool],
    seconds: float,
    what: str,
    *,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> T:
    """Look until it is ready, with growing pauses up to a second; raises NotReady after `seconds`."""
    until, rest = now() + seconds, FIRST_PAUSE
    while True:
        seen = patiently(look)
        if is_ready(seen):
            return seen
        if now() + rest > until:
            raise NotReady(f"waited {seconds:.0f} s and it is still not true that {what}")
        pause(rest)
        rest = min(rest * 1.5, LONGEST_PAUSE)
