"""The breaker and what is shed under pressure: pure decisions, driven by a machine that keeps its own simple books."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from controlplane.cache.breaker import Breaker, Phase
from controlplane.cache.shedding import CALM, Pressure, sheds
from controlplane.domain.tier import Tier
from controlplane.errors import BadInput


def opened(now: float = 100.0) -> Breaker:
    """A breaker that has just opened at `now`, for a second."""
    breaker = Breaker(failures=3, rest=1.0, longest_rest=8.0, spacing=0.01, patience=5.0)
    for late in (0.2, 0.1, 0.0):
        breaker.failed(breaker.admit(now - late), now - late)
    assert breaker.phase(now) is Phase.OPEN
    return breaker


def test_a_batch_that_fails_together_is_one_failure() -> None:
    """A thousand reads that share one time limit do not open it; three limits do."""
    breaker = Breaker(failures=3, spacing=0.01)
    for at in (1.0, 1.1):
        for read in range(1000):
            breaker.failed(breaker.admit(at), at + read * 1e-6)
    assert breaker.phase(1.1) is Phase.CLOSED
    breaker.failed(breaker.admit(1.2), 1.2)
    assert breaker.phase(1.2) is Phase.OPEN


def test_successes_between_failures_keep_it_closed() -> None:
    """Only failures in a row count."""
    breaker = Breaker(failures=2)
    for at in range(100):
        breaker.failed(breaker.admit(at), at)
        breaker.succeeded(breaker.admit(at))
    assert breaker.phase(100) is Phase.CLOSED
    assert breaker.opened == 0


def test_probes_go_one_at_a_time_and_an_answer_closes_it() -> None:
    """After the rest one caller passes, the others do not; its success lets everyone through."""
    breaker = opened(100.0)
    assert not breaker.admit(100.99)
    probe = breaker.admit(101.0)
    assert probe
    assert breaker.phase(101.0) is Phase.HALF_OPEN
    assert not any(breaker.admit(101.0 + step / 10) for step in range(40))
    breaker.succeeded(probe)
    assert breaker.phase(105.0) is Phase.CLOSED
    assert breaker.admit(105.0)


def test_rests_double_up_to_the_longest() -> None:
    """Failed probes: 1, 2, 4, 8, 8 seconds."""
    breaker, now, rests = opened(100.0), 100.0, []
    for _ in range(5):
        began = now
        while not (probe := breaker.admit(now)):
            now += 0.25
        rests.append(now - began)
        breaker.failed(probe, now)
    assert rests == [1.0, 2.0, 4.0, 8.0, 8.0]


def test_a_probe_whose_caller_left_makes_room_for_the_next() -> None:
    """Abandoned at once, or silent beyond the patience: another may probe, and the old one's report is void."""
    breaker = opened(100.0)
    breaker.abandoned(breaker.admit(101.0))
    silent = breaker.admit(101.0)
    assert silent
    assert not breaker.admit(105.9)
    following = breaker.admit(106.0)
    assert following
    breaker.succeeded(silent)
    assert breaker.phase(106.0) is Phase.HALF_OPEN
    breaker.succeeded(following)
    assert breaker.phase(106.0) is Phase.CLOSED


def test_reports_from_before_it_opened_say_nothing() -> None:
    """A read admitted long ago neither closes the breaker nor makes the rest longer."""
    breaker = Breaker(failures=1, rest=1.0)
    old, other = breaker.admit(1.0), breaker.admit(1.0)
    breaker.failed(old, 2.0)
    breaker.succeeded(other)
    assert breaker.phase(2.5) is Phase.OPEN
    breaker.failed(other, 2.9)
    assert breaker.admit(3.0)


@pytest.mark.parametrize("wrong", [{"failures": 0}, {"rest": 0}, {"rest": 3.0, "longest_rest": 2.0}, {"patience": 0}])
def test_settings_that_cannot_work_are_refused(wrong: dict[str, float]) -> None:
    """BadInput at construction, not a breaker that never opens."""
    with pytest.raises(BadInput):
        Breaker(**wrong)  # type: ignore[arg-type]  # the wrong value is the point


def seen(breaker: Breaker) -> dict[str, object]:
    """All that a breaker knows."""
    return {name: getattr(breaker, name) for name in Breaker.__slots__}


class BreakerMachine(RuleBasedStateMachine):
    """Calls that begin, end well, end badly or never end, in any order and at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 10.0
        self.breaker = Breaker(failures=3, rest=1.0, longest_rest=4.0, spacing=0.0, patience=2.0)
        self.calls: list[tuple[int, Phase]] = []
        self.probe: tuple[int, float] | None = None

    @rule(seconds=st.sampled_from([0.0, 0.3, 1.0, 2.5, 10.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def call(self) -> None:
        phase = self.breaker.phase(self.now)
        ticket = self.breaker.admit(self.now)
        if phase is Phase.CLOSED:
            assert ticket, "closed: everything passes"
        elif phase is Phase.OPEN:
            assert not ticket, "open: nothing passes"
        elif ticket:
            assert self.probe is None or self.now - self.probe[1] >= 2.0, "half-open: one probe at a time"
            self.probe = (ticket, self.now)
        else:
            assert self.probe is not None, "half-open with no probe out: the caller is the probe"
        if ticket:
            self.calls.append((ticket, phase))

    @precondition(lambda self: self.calls)
    @rule(which=st.randoms(use_true_random=False), outcome=st.sampled_from(["good", "bad", "left"]))
    def end(self, which: st.randoms, outcome: str) -> None:  # type: ignore[valid-type]  # a strategy's value
        ticket, _ = self.calls.pop(which.randrange(len(self.calls)))  # type: ignore[attr-defined]  # it is a Random
        is_probe = self.probe is not None and ticket == self.probe[0]
        before = self.breaker.phase(self.now)
        if outcome == "good":
            self.breaker.succeeded(ticket)
        elif outcome == "bad":
            self.breaker.failed(ticket, self.now)
        else:
            self.breaker.abandoned(ticket)
        after = self.breaker.phase(self.now)
        if before is not Phase.CLOSED:
            closes = is_probe and outcome == "good"
            assert (after is Phase.CLOSED) == closes, "only a probe's answer closes it"
        if is_probe:
            self.probe = None

    @invariant()
    def heals(self) -> None:
        """Whatever happened: after the longest rest and the patience a call passes."""
        if self.breaker.phase(self.now) is Phase.OPEN:
            assert self.breaker.phase(self.now + 4.0) is Phase.HALF_OPEN

    @invariant()
    def quiet_says_that_there_is_nothing_to_ask_or_tell(self) -> None:
        """While it is quiet, `admit` gives the ticket at hand and `succeeded` changes nothing."""
        if self.breaker.is_quiet:
            before = seen(self.breaker)
            assert self.breaker.admit(self.now) == self.breaker.ticket
            self.breaker.succeeded(self.breaker.ticket)
            assert seen(self.breaker) == before


TestBreakerMachine = BreakerMachine.TestCase


@pytest.mark.parametrize(
    ("pressure", "shed"),
    [
        (CALM, ()),
        (Pressure(Phase.CLOSED, 100), ()),
        (Pressure(Phase.CLOSED, 101), (Tier.LOW,)),
        (Pressure(Phase.CLOSED, 401), (Tier.LOW, Tier.MEDIUM)),
        (Pressure(Phase.HALF_OPEN), (Tier.LOW,)),
        (Pressure(Phase.HALF_OPEN, 401), (Tier.LOW, Tier.MEDIUM)),
        (Pressure(Phase.OPEN), (Tier.LOW, Tier.MEDIUM)),
        (Pressure(Phase.OPEN, 10**6), (Tier.LOW, Tier.MEDIUM)),
    ],
)
def test_low_is_shed_first_and_high_never(pressure: Pressure, shed: tuple[Tier, ...]) -> None:
    """Low, then medium; critical and high go on."""
    assert tuple(tier for tier in reversed(Tier) if sheds(tier, pressure, 100)) == shed
