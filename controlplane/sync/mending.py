"""Founding the voters once, and bringing one back that lost its memory: for provisioning and the region's agent."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

from controlplane.domain.record import PARTITIONS, Told
from controlplane.errors import Refused, Unavailable
from controlplane.ports.clock import Clock
from controlplane.ports.region_store import Memory
from controlplane.sync.catch_up import Ending, Request, Steps, catch_up, found_voters
from controlplane.sync.voters import Voters

_AT_ONCE = 8


class Mending:
    """Works on the voters' memory. Every step may be repeated, and every method begun again after any interruption."""

    def __init__(self, stores: Mapping[str, Memory], *, clock: Clock, voters: Voters | None = None) -> None:
        self._stores = stores
        self._clock = clock
        self._voters = voters or Voters.of(*stores)

    async def found(self) -> None:
        """Let the voters begin: once, when the platform is provisioned; where they vote already nothing happens.

        Raises Unavailable unless all answer, and Refused where some remember and most do not: founding them would
        forget what was acknowledged.
        """
        endings = await self._all(lambda: found_voters(self._voters))
        if endings[Ending.UNSAFE]:
            raise Refused(
                f"some voters remember and most do not, in {endings[Ending.UNSAFE]} of {PARTITIONS} partitions; they"
                " were not founded, and what was acknowledged may be lost",
                next_step="Bring the regions back that remember; only where none will, empty all of them and found.",
            )
        if endings[Ending.SHORT]:
            raise Unavailable(
                f"not every voter answered, {endings[Ending.SHORT]} of {PARTITIONS} partitions are not founded yet",
                next_step="Call it again when all regions are up.",
            )

    async def mend(self, region: str) -> int:
        """Bring the voter of `region` back wherever it is behind; how many partitions caught up.

        Raises Unavailable where too few of the others answered or remember; what caught up stays so. Until then the
        voter does not vote, and all others go on without it.
        """
        endings = await self._all(lambda: catch_up(self._voters, region))
        if left := endings[Ending.SHORT] + endings[Ending.CONTESTED]:
            raise Unavailable(
                f"the voter of {region} has not caught up in {left} of {PARTITIONS} partitions: too few of the others"
                " answered or remember, or somebody else mends it; the others vote on without it",
                next_step="Call it again; the region's agent does so by itself.",
            )
        return endings[Ending.DONE]

    async def _all(self, begin: Callable[[], Steps]) -> Counter[Ending]:
        """Run the same steps in every partition, a few at once. A region that is silent once is not asked again."""
        room = asyncio.Semaphore(_AT_ONCE)
        silent: set[str] = set()

        async def one(partition: int) -> Ending:
            async with room:
                return await self._run(begin(), partition, silent)

        return Counter(await asyncio.gather(*(one(partition) for partition in range(PARTITIONS))))

    async def _run(self, steps: Steps, partition: int, silent: set[str]) -> Ending:
        """Perform what the steps ask for, until they end."""
        begun = int(self._clock.now().timestamp() * 1_000_000)
        try:
            request = next(steps)
            while True:
                told = None if request.region in silent else await self._perform(request, partition, begun)
                if told is None:
                    silent.add(request.region)
                request = steps.send(told)
        except StopIteration as ended:
            ending: Ending = ended.value
            return ending

    async def _perform(self, request: Request, partition: int, begun: int) -> Told | None:
        """One call of a store; None where it did not answer."""
        store = self._stores[request.region]
        try:
            if request.change is not None:
                return await store.stand(partition, request.change)
            if request.cursor:
                return await store.page(partition, request.cursor)
            return await store.absorb(partition, request.n, request.records, begun)
        except Unavailable:
            return None
