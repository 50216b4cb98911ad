"""Strong writes and reads as conversations: replies in, questions out. No clock, no network, no time limit in here.

Leaderless, after Attiya, Bar-Noy and Dolev (Sharing Memory Robustly in Message-Passing Systems, 1995), without the
round that asks for stamps: clocks give them, and a stamp that comes too late is superseded, never acknowledged. Both
sides count only voters that hold EXACTLY the stamp: a voter with a newer one does not confirm an older one.
"""

from __future__ import annotations

import enum
from typing import NamedTuple

from controlplane.domain.record import Record, Refusal, Reply, Stamp
from controlplane.sync.voters import Ballot, Voters


class Ask(NamedTuple):
    """One question: `record` is to be applied at `region`; None: only look. The `again`th repetition of it."""

    region: str
    record: Record | None
    again: int = 0


class Outcome(enum.Enum):
    """What became of a strong write.

    ACCEPTED: a majority answered that they hold it. SUPERSEDED: a majority answered that they hold something newer; it
    is not the record's value and will not become it. UNSAFE_CLOCK: all were asked once and answered, none took it (a
    question that was repeated may still be under way, and be taken when the clocks have come up). UNKNOWN: it may or
    may not become the value.
    """

    ACCEPTED = "accepted"
    SUPERSEDED = "superseded"
    UNSAFE_CLOCK = "unsafe clock"
    UNKNOWN = "unknown"


class StrongWrite:
    """One write (S2). `outcome` is None until it is decided; answers after that still count for `everywhere`."""

    def __init__(self, voters: Voters, record: Record) -> None:
        self.outcome: Outcome | None = None
        self.ballot = Ballot()
        self._voters = voters
        self._record = record
        self._silent: set[str] = set()
        self._is_repeated = False

    @property
    def is_done(self) -> bool:
        """Whether the outcome is decided."""
        return self.outcome is not None

    @property
    def confirmed(self) -> tuple[str, ...]:
        """Who answered so far to hold exactly this write."""
        mine = self._record.stamp
        return tuple(region for region, stamp in self.ballot.votes().items() if stamp == mine)

    @property
    def is_everywhere(self) -> bool:
        """Whether every voter has answered to hold it."""
        return len(self.confirmed) == len(self._voters.regions)

    def start(self) -> list[Ask]:
        """Send it to every voter."""
        return [Ask(region, self._record) for region in self._voters.regions]

    def hear(self, region: str, reply: Reply) -> list[Ask]:
        """Take one voter's answer; what to ask next (never anything: the same shape as a read's)."""
        self.ballot.hear(region, reply)
        self.outcome = self.outcome or self._decided()
        return []

    def miss(self, ask: Ask) -> list[Ask]:
        """Nobody answered `ask`: repeat it once."""
        if not ask.again:
            self._is_repeated = True
            return [ask._replace(again=1)]
        self._silent.add(ask.region)
        self.outcome = self.outcome or self._decided()
        return []

    def give_up(self) -> None:
        """No time is left."""
        self.outcome = self.outcome or Outcome.UNKNOWN

    def _decided(self) -> Outcome | None:
        """The outcome, once no answer that is still awaited can change it."""
        mine, votes, is_majority = self._record.stamp, self.ballot.votes(), self._voters.is_majority
        held = [region for region, stamp in votes.items() if stamp == mine]
        if is_majority(held):
            return Outcome.ACCEPTED
        newer = [region for region, stamp in votes.items() if stamp > mine]
        if is_majority(newer):
            return Outcome.SUPERSEDED
        heard = self.ballot.replies
        waiting = [one for one in self._voters.regions if one not in heard and one not in self._silent]
        if is_majority([*held, *waiting]) or is_majority([*newer, *waiting]):
            return None
        if heard and all(reply.refusal is Refusal.UNSAFE_CLOCK for reply in heard.values()) and not self._is_repeated:
            # Only the last answer can say that nothing at all was changed.
            return None if waiting else Outcome.UNSAFE_CLOCK
        return Outcome.UNKNOWN


class StrongRead:
    """One read (S3). Done with `record` (None: never written, or removed and forgotten), or `is_failed`."""

    def __init__(self, voters: Voters) -> None:
        self.record: Record | None = None
        self.is_done = False
        self.is_failed = False
        self.ballot = Ballot()
        self._voters = voters
        self._silent: set[str] = set()
        self._written_back: set[tuple[str, Stamp]] = set()

    def start(self) -> list[Ask]:
        """Ask every voter."""
        return [Ask(region, None) for region in self._voters.regions]

    def hear(self, region: str, reply: Reply) -> list[Ask]:
        """Take one voter's answer; what to ask next."""
        self.ballot.hear(region, reply)
        return [] if self.is_done else self._next()

    def miss(self, ask: Ask) -> list[Ask]:
        """Nobody answered `ask`: repeat it once."""
        if not ask.again:
            return [] if self.is_done else [ask._replace(again=1)]
        self._silent.add(ask.region)
        return [] if self.is_done else self._next()

    def give_up(self) -> None:
        """No time is left."""
        if not self.is_done:
            self.is_done = self.is_failed = True

    def _next(self) -> list[Ask]:
        """Decide, or write the newest back to whoever does not have it: only what a majority holds may be returned."""
        votes = self.ballot.votes()
        if not self._voters.is_majority(votes):
            waiting = [
                one for one in self._voters.regions if one not in self.ballot.replies and one not in self._silent
            ]
            if not self._voters.is_majority([*votes, *waiting]):
                self.give_up()
            return []
        newest = max(votes.values())
        record = next(self.ballot.replies[region].record for region, stamp in votes.items() if stamp == newest)
        if self._voters.is_majority(self._agreeing(votes, newest)):
            self.is_done, self.record = True, record
            return []
        if record is None:
            return []
        behind = {region for region in self._voters.regions if votes.get(region) != newest}
        asks = [Ask(region, record) for region in sorted(behind) if (region, newest) not in self._written_back]
        self._written_back.update((ask.region, newest) for ask in asks)
        return asks

    def _agreeing(self, votes: dict[str, Stamp], newest: Stamp) -> list[str]:
        """Who holds the newest; beside a settled removal also who has forgotten it: it was everywhere."""
        is_settled = any(self._is_settled(region) for region, stamp in votes.items() if stamp == newest)
        return [region for region, stamp in votes.items() if stamp == newest or (is_settled and not stamp.hlc)]

    def _is_settled(self, region: str) -> bool:
        """Whether what the voter holds is a removal that every voter is known to have had."""
        record = self.ballot.replies[region].record
        return record is not None and record.settled


def settling(voters: Voters, record: Record) -> list[Ask]:
    """After a removal that is everywhere: tell every voter, so that each may forget it in time."""
    return [Ask(region, record._replace(settled=True)) for region in voters.regions]
