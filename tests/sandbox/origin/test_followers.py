"""Further regions get every write that is held, in order, also after they were silent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from sandbox.origin.followers import BATCH, Followers
from sandbox.origin.held import Write
from sandbox.origin.role import Role, Roles
from sandbox.origin.writer import Told

ROLE = Role(1, "eu-central-1")


class Region:
    """A region that keeps what it is told; silent, or of another opinion, for the first calls."""

    def __init__(self, *first: Told | None) -> None:
        self.held: list[str] = []
        self.first = list(first)
        self.full = asyncio.Event()

    async def apply(self, writes: Iterable[Write], role: Role, *, owed: bool = False) -> Told | None:
        """Hold them all, unless another answer is due."""
        if self.first:
            return self.first.pop(0)
        self.held += [write.id for write in writes]
        if len(self.held) >= BATCH + 2:
            self.full.set()
        return Told(True, role)


def test_nothing_is_left_out() -> None:
    """A silent region and one that refuses are asked again; more than a batch arrives whole and in order."""

    async def no_document() -> Role | None:
        return None

    async def play() -> tuple[Region, Region]:
        silent, refusing = Region(None, None), Region(Told(False, ROLE))
        followers = Followers([silent, refusing], Roles(ROLE, no_document))
        for n in range(BATCH + 2):
            followers.owe(Write(f"w{n}", "rsvp", {}, 1, n))
        task = asyncio.create_task(followers.deliver())
        async with asyncio.timeout(20):
            await asyncio.gather(silent.full.wait(), refusing.full.wait())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return silent, refusing

    wanted = [f"w{n}" for n in range(BATCH + 2)]
    assert [region.held for region in asyncio.run(play())] == [wanted, wanted]
