"""G1, G4, G9 on the shipped pure code: a process that follows a log which loses its stream, its end, or everything."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from controlplane.cache.barriers import Barriers, Standing
from controlplane.cache.follow import Follower
from controlplane.cache.settings import Settings
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import Barrier, Kind, Position, Purge
from tests.cache.fakes import FakeClock, FakePurgeLog

TAGS = ["wedding:a", "wedding:b", "page:x", "vendor:v", "*"]
some_tags = st.lists(st.sampled_from(TAGS[:4]), min_size=1, max_size=3, unique=True)
any_tags = st.lists(st.sampled_from(TAGS), min_size=1, max_size=3, unique=True)


@dataclass
class Cached:
    """An entry: its tags, what its filler had applied, and when (in real order) its load began."""

    tags: tuple[str, ...]
    as_of: Position
    began: int
    unheard: bool
    worst: Standing = Standing.VALID


@dataclass
class Happened:
    """A purge in real order; `is_known` once the process applied it, `is_lost` once the server forgot it."""

    purge: Purge
    at: int
    is_known: bool = False
    is_lost: bool = False


def finish(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that the fakes never suspend."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waited")


class FollowingALog(RuleBasedStateMachine):
    """One process, one log, everything that can go wrong between them."""

    def __init__(self) -> None:
        super().__init__()
        self.log = FakePurgeLog(FakeClock())
        self.barriers = Barriers()
        self.follower = Follower(self.log, self.barriers, self.log.clock, "m", Settings(), Stats())
        self.time = 0
        self.entries: list[Cached] = []
        self.purges: list[Happened] = []
        self.doubts: list[int] = []
        self.catch_up()

    @rule(tags=some_tags)
    def begin_a_load(self, tags: list[str]) -> None:
        """An entry's as-of is what is applied now."""
        self.time += 1
        unheard = any(not happened.is_known for happened in self.purges)
        self.entries.append(Cached((*tags, "*"), self.barriers.position, self.time, unheard))

    @rule(tags=any_tags, kind=st.sampled_from(Kind))
    def somebody_purges(self, tags: list[str], kind: Kind) -> None:
        """Another process purges; we have not heard yet."""
        self._record(finish(self.log.append(tags, kind)))

    @rule(tags=any_tags, kind=st.sampled_from(Kind))
    def we_purge(self, tags: list[str], kind: Kind) -> None:
        """Our own purge acts before this returns, whatever else we have not heard."""
        happened = self._record(finish(self.log.append(tags, kind, seen=self.barriers.position.n)))
        self.follower.take(happened.purge)
        happened.is_known = True

    @rule()
    def beat(self) -> None:
        """Only the heartbeat."""
        self._notice_loss()
        finish(self.follower._beat())

    @rule()
    def catch_up(self) -> None:
        """Heartbeat and everything that the log holds; then nothing that happened may be missed."""
        self.beat()
        while self.barriers.position.n < self.log.n:
            finish(self.follower._round())
        for happened in self.purges:
            happened.is_known |= not happened.is_lost
            for entry in self.entries:
                if happened.at > entry.began and set(entry.tags) & set(happened.purge.tags):
                    assert self._standing(entry) is not Standing.VALID, "a purge was missed"

    @rule()
    def trim(self) -> None:
        """The stream is cut; numbers and barriers stay."""
        if self.barriers.position.n < self.log.n or self.barriers.position.epoch != self.log.epoch:
            self.doubts.append(self.time)
        self.log.trim()

    @rule()
    def restart_empty(self) -> None:
        """The server comes back without anything."""
        self.log.restart_empty()
        self._lose(self.purges)

    @rule(kept=st.integers(0, 4))
    def promote_a_lagging_replica(self, kept: int) -> None:
        """The server goes on from an older state, in a new epoch."""
        kept = min(kept, self.log.n)
        remaining = [p for p in self.log.purges if p.position.n <= self.log.n - kept]
        gone = {p.position for p in self.log.purges} - {p.position for p in remaining}
        old = list(self.log.purges)
        known = dict(self.log.known) if not gone else {}
        number = self.log.n if not gone else self.log.n - kept
        members = self.log.members
        self.log.restart_empty()
        self.log.n = self.log.base = number
        self.log.members = members
        self.log.purges = [p for p in old if p.position not in gone]
        for purge in self.log.purges if gone else []:
            for tag in purge.tags:
                barrier = known.get(tag, Barrier(tag, 0, 0))
                soft = purge.position.n if purge.kind is Kind.SOFT else barrier.soft
                hard = purge.position.n if purge.kind is Kind.HARD else barrier.hard
                known[tag] = Barrier(tag, soft, hard)
        self.log.known = known
        self._lose(self.purges)

    @invariant()
    def what_is_known_holds_and_never_gets_better(self) -> None:
        """A purge that we applied after a load began is seen, by kind; an entry's standing only worsens."""
        for entry in self.entries:
            standing = self._standing(entry)
            assert standing.value >= entry.worst.value, "a barrier went back"
            entry.worst = standing
            for happened in self.purges:
                if not happened.is_known or happened.at < entry.began or not set(entry.tags) & set(happened.purge.tags):
                    continue
                least = Standing.HARD if happened.purge.kind is Kind.HARD else Standing.SOFT
                assert standing.value >= least.value

    @invariant()
    def nothing_is_doubted_without_a_cause(self) -> None:
        """With no purge of its tags, no lost log and no gap since its load began, an entry is valid."""
        for entry in self.entries:
            causes = [h.at for h in self.purges if set(entry.tags) & set(h.purge.tags)]
            # A load may begin before purges that had happened were heard: its as-of says so, and it is not valid then.
            if not entry.unheard and all(at < entry.began for at in causes) and not self.doubts:
                assert self._standing(entry) is Standing.VALID

    def _standing(self, entry: Cached) -> Standing:
        return self.barriers.standing(entry.tags, entry.as_of)

    def _record(self, purge: Purge) -> Happened:
        self.time += 1
        happened = Happened(purge, self.time)
        self.purges.append(happened)
        return happened

    def _lose(self, purges: list[Happened]) -> None:
        self.doubts.append(self.time)
        for happened in purges:
            happened.is_lost = True

    def _notice_loss(self) -> None:
        if self.barriers.position.n < self.log.n and not self.log.purges:
            self.doubts.append(self.time)


FollowingALog.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
test_following_a_log = FollowingALog.TestCase


def test_out_of_order_purges_of_ones_own_act_at_once() -> None:
    """Our purge 3 acts although purge 2 has not been heard, and does not pretend that 2 was."""
    barriers = Barriers()
    barriers.adopt(Position("e", 1), 0, ())
    assert not barriers.apply(Purge(Position("e", 3), Kind.HARD, ("wedding:a",)))
    assert barriers.position.n == 1
    assert barriers.standing(("wedding:a",), Position("e", 1)) is Standing.HARD
    assert barriers.apply(Purge(Position("e", 2), Kind.HARD, ("wedding:b",)))
    assert barriers.position.n == 2


def test_entries_of_a_former_epoch_are_in_doubt_and_the_removed_stay_removed() -> None:
    """G9: a new epoch makes what was cached soft; what was hard before, or is removed now, is hard."""
    barriers = Barriers()
    barriers.adopt(Position("e", 5), 0, [Barrier("wedding:gone", 0, 5)])
    barriers.adopt(Position("f", 0), 0, ())
    assert barriers.standing(("wedding:a",), Position("e", 5)) is Standing.LOST
    assert barriers.standing(("wedding:gone",), Position("e", 4)) is Standing.HARD
    assert barriers.standing(("wedding:a",), Position("never heard of", 9)) is Standing.LOST
    barriers.apply(Purge(Position("f", 1), Kind.HARD, ("wedding:a",)))
    assert barriers.standing(("wedding:a",), Position("e", 5)) is Standing.HARD
    assert barriers.standing(("wedding:a",), Position("f", 1)) is Standing.VALID


def test_an_epoch_so_long_ago_that_it_is_forgotten_is_not_trusted() -> None:
    """Where nobody remembers what was removed, an entry is treated as removed."""
    barriers = Barriers()
    for number in range(12):
        barriers.adopt(Position(f"e{number}", 0), 0, ())
    assert barriers.standing(("wedding:a",), Position("e0", 0)) is Standing.HARD
