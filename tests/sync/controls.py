"""Negative controls: what a careless implementation would do. The checker must catch every one of them."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.domain.record import ZERO, Record, Reply, Standing, State
from controlplane.sync.quorum import Ask, Outcome, StrongRead, StrongWrite
from tests.fakes.region_store import FakeVoter
from tests.sync.simulator import MAX_DELIVERY, MS, Rules


class NoWriteBack(StrongRead):
    """Returns the newest of the first majority, without making sure that a majority holds it."""

    def _next(self) -> list[Ask]:
        votes = self.ballot.votes()
        if self._voters.is_majority(votes):
            newest = max(votes.values())
            self.is_done = True
            self.record = next(self.ballot.replies[one].record for one, stamp in votes.items() if stamp == newest)
        return []


class AnyAnswer(StrongWrite):
    """Acknowledges when a majority ANSWERED, whatever it answered."""

    def _decided(self) -> Outcome | None:
        return Outcome.ACCEPTED if self._voters.is_majority(self.ballot.votes()) else None


class NewerIsFine(StrongRead):
    """Takes a voter that holds something newer for a confirmation of the older."""

    chosen: Record | None = None

    def _next(self) -> list[Ask]:
        votes = self.ballot.votes()
        if not self._voters.is_majority(votes):
            return []
        newest = max(votes.values())
        asks: list[Ask] = []
        if self.chosen is None:
            self.chosen = next(self.ballot.replies[one].record for one, stamp in votes.items() if stamp == newest)
            if self.chosen is not None:
                asks = [Ask(one, self.chosen) for one in self._voters.regions if votes.get(one, newest) < newest]
        least = self.chosen.stamp if self.chosen is not None else ZERO
        if self._voters.is_majority([one for one, stamp in votes.items() if stamp >= least]):
            self.is_done, self.record = True, self.chosen
        return asks


@dataclass
class Amnesiac(FakeVoter):
    """Goes on voting after it lost its memory."""

    def lose(self) -> None:
        standing = self.standing
        super().lose()
        if standing.state is State.VOTING:
            self.standing = standing


@dataclass
class Forgetful(FakeVoter):
    """Forgets a removal a second after it came, whoever else has it."""

    def apply(self, name: str, record: Record, begun: int, now: int) -> Reply:
        reply = super().apply(name, record, begun, now)
        if record.payload is None and reply.record == record:
            self.stones[name] = now + 1000 * MS
        return reply

    def _forget(self, now: int) -> None:
        for name in [name for name, until in self.stones.items() if until <= now]:
            del self.stones[name]
            if name in self.records and self.records[name].payload is None:
                self.forgotten[name] = self.records.pop(name)


@dataclass
class Unfenced(FakeVoter):
    """Catches up, but the others never tell anybody that its old votes count no more."""

    def look(self, name: str) -> Reply:
        return _blind(super().look(name))

    def apply(self, name: str, record: Record, begun: int, now: int) -> Reply:
        return _blind(super().apply(name, record, begun, now))


def _blind(reply: Reply) -> Reply:
    state, own, _ = reply.standing
    return reply._replace(standing=Standing(state, own, {}))


CONTROLS = {
    "no write-back": Rules(read=NoWriteBack, keys=(1, 5), reading=(0.5, 0.9)),
    "acknowledged by any answer": Rules(write=AnyAnswer, keys=(5,), reading=(0.5,)),
    "amnesia allowed": Rules(
        voter=lambda region: Amnesiac(region, max_delivery=MAX_DELIVERY), keys=(40,), thinking=(100 * MS,)
    ),
    "stamps of removals expire": Rules(
        voter=lambda region: Forgetful(region, max_delivery=MAX_DELIVERY), keys=(5, 40), removing=(0.5,)
    ),
}
"""What the simulated world shows within a few runs."""

RARE = {
    "newer confirms older": Rules(read=NewerIsFine),
    "old votes still count": Rules(voter=lambda region: Unfenced(region, max_delivery=MAX_DELIVERY)),
}
"""What needs a rare order of events: `test_quorum.py` makes it."""
