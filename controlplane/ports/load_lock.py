"""A lock for loads: one process of a region loads a key, the others wait for what it brings.

It saves loads and decides nothing: a holder that outlives its time loses the lock, and then two may load.
"""

from __future__ import annotations

from typing import Protocol


class LoadLock(Protocol):
    """Locks by key. No method raises, and none waits longer than its own time limit."""

    async def take(self, key: str, seconds: float) -> str | None:
        """Take the lock of `key` for at most `seconds`; its token, or None while somebody else has it.

        A lock that cannot be asked is given to everybody: the answer is a token, and nobody waits for nobody.
        """
        ...

    async def release(self, key: str, token: str) -> None:
        """Give the lock back, unless it is somebody else's by now."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
