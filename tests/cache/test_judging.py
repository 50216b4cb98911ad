"""G1, G3, G4, G6, G10, G14: the shipped judge, barriers and follower against a simple model of what happened when."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controlplane.cache.barriers import Barriers, Standing
from controlplane.cache.entry import Entry
from controlplane.cache.follow import Follower
from controlplane.cache.freshness import Bounds, State, judge
from controlplane.cache.settings import Settings
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import Kind, Position
from controlplane.domain.tier import Tier
from tests.cache.fakes import FakeClock, FakePurgeLog
from tests.cache.test_barriers import finish

TAGS = ["wedding:a", "wedding:b", "page:x", "guest:9"]
BOUNDS = Bounds(blind_after=2.0, blind_max=50.0, blind_max_erasable=10.0)
tag_lists = st.lists(st.sampled_from(TAGS), min_size=1, max_size=3, unique=True)
spans = st.sampled_from([0.5, 3.0, 20.0, 100.0])


@dataclass
class Owed:
    """A purge of ours that the log has not taken."""

    mark: Position
    kind: Kind
    tags: list[str]


@dataclass
class Kept:
    """An entry, and what the model knows: the purges applied since its load began, and whether the log was lost."""

    entry: Entry
    purged: set[Kind] = field(default_factory=set)
    touched: bool = False
    doubted: bool = False


class Judging(RuleBasedStateMachine):
    """One process whose log is cut, cleared and caught up with, while loads begin and end and time goes by."""

    def __init__(self) -> None:
        super().__init__()
        self.log = FakePurgeLog(FakeClock())
        self.barriers = Barriers()
        self.follower = Follower(self.log, self.barriers, self.log.clock, "m", Settings(), Stats())
        self.loads: list[Kept] = []
        self.kept: list[Kept] = []
        self.owed: list[Owed] = []
        self.unheard: list[tuple[Kind, list[str]]] = []
        # Tags of our own purges that came after ones that we have not heard: what is loaded meanwhile is held back.
        self.early: list[list[str]] = []
        self.answered = -1e9
        self.hear()

    @rule()
    def hear(self) -> None:
        """The log answers, and everything that it holds is applied."""
        if self.barriers.position.epoch not in ("", self.log.epoch):
            self._doubt()
        self.answered = self.log.clock.monotonic()
        finish(self.follower._beat())
        while self.barriers.position.n < self.log.n:
            finish(self.follower._round())
        finish(self.follower._beat())
        for kind, tags in self.unheard:
            self._apply(kind, tags)
        self.unheard.clear()
        self.early.clear()

    @rule(tags=tag_lists, kind=st.sampled_from(Kind))
    def somebody_purges(self, tags: list[str], kind: Kind) -> None:
        """We have not heard of it, but nothing may be counted as untouched any more."""
        finish(self.log.append(tags, kind))
        self.unheard.append((kind, tags))
        self._touch(tags)

    @rule(tags=tag_lists, kind=st.sampled_from(Kind))
    def we_purge(self, tags: list[str], kind: Kind) -> None:
        """In the log, and here at once."""
        self._append(kind, tags)
        self._apply(kind, tags)
        self._touch(tags)

    @rule(tags=tag_lists, kind=st.sampled_from(Kind))
    def we_owe(self, tags: list[str], kind: Kind) -> None:
        """The log does not take it: it acts here at once."""
        mark = self.barriers.owe(tags, kind, self.log.clock.monotonic())
        self.owed.append(Owed(mark, kind, tags))
        self._apply(kind, tags)
        self._touch(tags)

    @precondition(lambda self: self.owed)
    @rule()
    def pay(self) -> None:
        """The log takes the oldest debt; what was loaded since is purged once more."""
        owed = self.owed.pop(0)
        self._append(owed.kind, owed.tags)
        self.barriers.settle(owed.mark, owed.tags)
        self._apply(owed.kind, owed.tags)
        self._touch(owed.tags)

    @rule()
    def lose_everything(self) -> None:
        """The server comes back empty; purges that nobody had heard are gone with it."""
        self.log.restart_empty()
        self.unheard.clear()
        for known in (*self.kept, *self.loads):
            known.touched = True

    @rule(tags=tag_lists, fresh=spans, stale=spans, more=spans)
    def load(self, tags: list[str], fresh: float, stale: float, more: float) -> None:
        """A load that nothing overtakes."""
        self.begin_a_load(tags, fresh, stale, more)
        self.end_a_load(-1)

    @rule(tags=tag_lists, fresh=spans, stale=spans, more=spans)
    def begin_a_load(self, tags: list[str], fresh: float, stale: float, more: float) -> None:
        """Its as-of is what is applied now."""
        now = self.log.clock.monotonic()
        life = fresh + stale + more
        entry = Entry.of("v", (*tags, "*"), self.barriers.position, now, fresh, stale, life, Tier.LOW, 1)
        held_back = [*(other for _, other in self.unheard), *self.early]
        touched = any(set(tags) & set(other) for other in held_back) or bool(self.owed)
        lost = self.barriers.position.epoch != self.log.epoch
        self.loads.append(Kept(entry, touched=touched or lost))

    @precondition(lambda self: self.loads)
    @rule(which=st.integers(0, 9))
    def end_a_load(self, which: int) -> None:
        """G6: what a purge that we have applied overtook is not kept, everything else is."""
        load = self.loads.pop(which % len(self.loads))
        is_valid = self.barriers.standing(load.entry.tags, load.entry.as_of) is Standing.VALID
        assert not (is_valid and (load.purged or load.doubted))
        assert is_valid or load.purged or load.doubted or load.touched
        if is_valid:
            self.kept.append(load)

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5, 12.0, 60.0]), heard=st.booleans())
    def time_goes_by(self, seconds: float, heard: bool) -> None:
        """With a heartbeat at its end, or with none."""
        self.log.clock.pass_by(seconds)
        if heard:
            self.hear()

    @invariant()
    def read_everything(self) -> None:
        """Each answer is one that the promises allow, and no hit is denied without a cause."""
        for in_window in (False, True):
            self._read(in_window)

    def _read(self, in_window: bool) -> None:
        now = self.log.clock.monotonic()
        silent = now - self.answered
        for known in self.kept:
            entry = known.entry
            age = now - entry.started
            state = judge(
                entry,
                now=now,
                standing=self.barriers.standing(entry.tags, entry.as_of),
                blind_for=self.follower.blind_for(now),
                bounds=BOUNDS,
                in_window=in_window,
            ).state
            if state is State.HIT:
                assert not known.purged, "G1: a hit after a purge of its tags was applied"
                assert not known.doubted, "G9: a hit of a lost log's time"
                assert age < entry.fresh, "G10"
                assert silent <= BOUNDS.blind_after, "G3"
            if state in (State.HIT, State.STALE):
                assert Kind.HARD not in known.purged, "G4: a removed value was served"
                assert age < entry.life
                assert in_window or age < entry.fresh + entry.stale, "G10"
                assert not (entry.erasable and known.doubted)
                limit = BOUNDS.blind_max_erasable if entry.erasable else BOUNDS.blind_max
                assert min(silent, age) <= limit or silent <= BOUNDS.blind_after
            if not known.touched and not known.doubted and age < entry.fresh and silent <= BOUNDS.blind_after:
                assert state is State.HIT, "a hit was denied without a cause"

    def _append(self, kind: Kind, tags: list[str]) -> None:
        """The log numbers our purge, and we take it under that number."""
        if not self.follower.take(finish(self.log.append(tags, kind, seen=self.barriers.position.n))):
            self.early.append(tags)

    def _apply(self, kind: Kind, tags: list[str]) -> None:
        for known in (*self.kept, *self.loads):
            if set(tags) & set(known.entry.tags):
                known.purged.add(kind)

    def _touch(self, tags: list[str]) -> None:
        for known in (*self.kept, *self.loads):
            known.touched |= bool(set(tags) & set(known.entry.tags))

    def _doubt(self) -> None:
        for known in (*self.kept, *self.loads):
            known.doubted = True


Judging.TestCase.settings = settings(max_examples=70, stateful_step_count=30, deadline=None)
test_judging = Judging.TestCase
