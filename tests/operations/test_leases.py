"""Leases of operations on fakes: who may act, who is refused, who stops, and how a dead holder is replaced."""

from __future__ import annotations

import pytest

from controlplane.domain.lease import TTL_SECONDS, Lease
from controlplane.errors import LeaseHeld, LeaseLost
from controlplane.operations.leases import REQUEST_SECONDS, Holder, holding, take
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeSharedStore

KEY = "lease/emergency"


def holder(store: FakeSharedStore, name: str, clock: FakeClock | None = None) -> Holder:
    """A process with a clock of its own."""
    own = clock or FakeClock()
    return Holder(store, name, own.monotonic, own.pause)


def lease(store: FakeSharedStore) -> Lease | None:
    """As stored."""
    return Lease.from_json(store.registers.get(KEY))


def test_one_after_the_other_nobody_waits() -> None:
    """Given back in good order, the next one takes it at once; the counter only grows."""
    store = FakeSharedStore()
    for number, name in enumerate(("mine", "theirs")):
        clock = FakeClock()
        with holding(holder(store, name, clock), KEY) as held:
            held.check()
            assert lease(store) == Lease(name, 2 * number + 1)
        assert clock.elapsed == FakeClock().elapsed


def test_a_living_holder_is_named_and_nothing_is_written() -> None:
    """11: the lease moves while we watch it."""
    store = FakeSharedStore()
    held = take(holder(store, "mine"), KEY)
    clock = FakeClock()

    def pause(seconds: float) -> None:
        held.renew()
        clock.pause(seconds)

    with pytest.raises(LeaseHeld, match="mine holds lease/emergency") as caught:
        take(Holder(store, "theirs", clock.monotonic, pause), KEY)
    assert caught.value.exit_code == 11
    assert lease(store) == Lease("mine", 2)


def test_a_dead_holder_is_replaced_after_its_ttl_and_one_request() -> None:
    """On the observer's own clock, wherever it stands; the dead one wakes and makes no effect: 12."""
    store, mine, theirs = FakeSharedStore(), FakeClock(), FakeClock(elapsed=5.0)
    late = take(holder(store, "mine", mine), KEY)
    begun = theirs.elapsed
    held = take(holder(store, "theirs", theirs), KEY)
    assert theirs.elapsed - begun >= TTL_SECONDS + REQUEST_SECONDS
    held.check()
    mine.pause(TTL_SECONDS)
    with pytest.raises(LeaseLost, match="no further effect"):
        late.check()
    with pytest.raises(LeaseLost, match="went to theirs") as caught:
        late.renew()
    assert caught.value.exit_code == 12
    with pytest.raises(LeaseLost):
        late.check()


def test_a_holder_that_slept_past_its_ttl_goes_on_only_if_nobody_took_it() -> None:
    """Renewing succeeds where the lease is still its own."""
    store, clock = FakeSharedStore(), FakeClock()
    held = take(holder(store, "mine", clock), KEY)
    clock.pause(600)
    with pytest.raises(LeaseLost):
        held.check()
    held.renew()
    held.check()


def test_two_that_take_it_at_the_same_moment_do_not_both_have_it() -> None:
    """The second one's write finds another lease than it saw."""
    store = FakeSharedStore()

    class Between(FakeSharedStore):
        """Somebody else takes it between our look and our write."""

        def read(self, key: str) -> str | None:
            text = store.read(key)
            take(holder(store, "theirs"), KEY)
            return text

        change = store.change

    with pytest.raises(LeaseHeld, match="theirs"):
        take(holder(Between(), "mine"), KEY)
    assert lease(store) == Lease("theirs", 1)
