"""Regions beyond the pair that writes together: they get every write that is held here, a moment later."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from sandbox.origin.held import Write
from sandbox.origin.role import Role, Roles
from sandbox.origin.writer import Told

EVERY = 0.05
BATCH = 50


class Follower(Protocol):
    """A further region's origin."""

    async def apply(self, writes: Iterable[Write], role: Role, *, owed: bool = False) -> Told | None:
        """Have it hold the writes; None when it does not answer in time. Idempotent."""
        ...


class Followers:
    """What each further region still has to get, oldest first. Both regions of the pair send, so that the loss of one
    loses nothing; what is queued in a process that ends is lost with it."""

    def __init__(self, regions: Iterable[Follower], roles: Roles) -> None:
        self._queues = [(region, deque[Write]()) for region in regions]
        self._roles = roles

    def owe(self, write: Write) -> None:
        """This region holds the write from now on."""
        for _, queue in self._queues:
            queue.append(write)

    async def deliver(self) -> None:
        """Send what is owed, for as long as the process lives; silence and refusals are tried again."""
        await asyncio.gather(*(self._deliver(region, queue) for region, queue in self._queues))

    async def _deliver(self, region: Follower, queue: deque[Write]) -> None:
        while True:
            batch: Sequence[Write] = list(queue)[:BATCH]
            told = await region.apply(batch, self._roles.current) if batch else None
            if told is not None and told.held:
                for _ in batch:
                    queue.popleft()
            await asyncio.sleep(EVERY)
