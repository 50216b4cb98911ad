"""Voters whose every message is delivered by hand: for orders of events that chance seldom makes."""

from __future__ import annotations

from collections.abc import Collection

from controlplane.domain.record import Record, Reply, Stamp, Standing, State, Told
from controlplane.sync.catch_up import Ending, Request, Steps
from controlplane.sync.quorum import Ask
from controlplane.sync.voters import Voters
from tests.fakes.region_store import FakeVoter

NOW = 1_800_000_000_000_000
A, B, C = "region-a", "region-b", "region-c"
KEY = "key"


def stamped(hlc: int, payload: bytes | None = b"v", writer: str = "w") -> Record:
    """A record stamped `hlc` microseconds after the beginning of the test."""
    return Record(Stamp(NOW + hlc, A, writer), payload)


class Trio:
    """Voters that vote, in one partition; `answer` delivers one question and returns its answer."""

    def __init__(self, *regions: str) -> None:
        names = regions or (A, B, C)
        self.voters = Voters.of(*names)
        self.stores = {name: FakeVoter(name) for name in names}
        for store in self.stores.values():
            store.standing = Standing(State.VOTING, 1, dict.fromkeys(names, 1))

    def answer(self, ask: Ask) -> Reply:
        """What the voter answers to `ask` now."""
        store = self.stores[ask.region]
        return store.look(KEY) if ask.record is None else store.apply(KEY, ask.record, NOW, NOW)

    def hold(self, hlc: int, *regions: str, payload: bytes | None = b"v") -> Record:
        """Let `regions` hold a record."""
        record = stamped(hlc, payload)
        for region in regions:
            self.answer(Ask(region, record))
        return record

    def drive(self, steps: Steps, *, down: Collection[str] = (), most: int = 1000) -> Ending | None:
        """Perform up to `most` of the steps; None where they have not ended by then."""
        told: Told | None = None
        try:
            request = next(steps)
            for _ in range(most):
                told = None if request.region in down else self.perform(request)
                request = steps.send(told)
        except StopIteration as ended:
            ending: Ending = ended.value
            return ending
        return None

    def perform(self, request: Request) -> Told:
        """One step at its voter."""
        store = self.stores[request.region]
        if request.change is not None:
            return store.stand(request.change)
        if request.cursor:
            return store.page(request.cursor)
        return store.absorb(request.n, request.records, NOW, NOW)
