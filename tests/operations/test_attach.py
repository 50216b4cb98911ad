"""Following an operation on fakes: every line once, to its end, and what is said where nobody performs it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from controlplane.domain.failover import Intent
from controlplane.domain.lease import TTL_SECONDS
from controlplane.domain.ledger import Kind
from controlplane.errors import BadInput, Incomplete
from controlplane.operations.attach import follow
from controlplane.operations.executors import hand_over, holder_of
from controlplane.operations.intents import intent_key, lease_key
from controlplane.operations.leases import Holder, take
from controlplane.operations.ledger import Record
from tests.fakes.clock import FakeClock
from tests.fakes.store import FakeSharedStore
from tests.operations.world import World

LONG = 20
"""Looks: longer than a lease's TTL."""


class Followed:
    """One open failover, whose performer does something at every look of the follower."""

    def __init__(self) -> None:
        self.store, self.clock = FakeSharedStore(), FakeClock()
        self.card = World(store=self.store).intent()
        self.put(self.card)
        self.record = Record(self.store, FakeClock(), "anna@first", self.card.id)
        self.record.write(Kind.BEGUN, "failover")
        self.performs: list[Callable[[], None]] = []
        self.told: list[str] = []

    def put(self, card: Intent) -> None:
        self.store.change(intent_key(card.id), lambda _: card.to_json())

    def done(self) -> None:
        self.put(self.card.model_copy(update={"state": "done"}))

    def pause(self, seconds: float) -> None:
        self.clock.pause(seconds)
        if self.performs:
            self.performs.pop(0)()

    def follow(self) -> str:
        """The state in which the card was left."""
        holder = Holder(self.store, "boris@second", self.clock.monotonic, self.pause)
        return str(follow(holder, self.card.id, lambda entry: self.told.append(entry.said)).state)


@pytest.fixture
def followed() -> Followed:
    """A failover that was begun."""
    return Followed()


def test_what_happens_is_told_once_and_to_the_end(followed: Followed) -> None:
    """However long it takes: while its lease moves, the follower waits, and the last line is told as well."""
    performer = Holder(followed.store, holder_of("anna@first", followed.card.id), FakeClock().monotonic, lambda _: None)
    held = take(performer, lease_key(followed.card))
    followed.performs = [
        *[held.renew] * LONG,
        lambda: followed.record.write(Kind.STEP, "drain"),
        *[held.renew] * LONG,
        lambda: followed.record.write(Kind.CLOSED, "done"),
        followed.done,
    ]
    before = len(followed.store.calls)
    assert followed.follow() == "done"
    assert followed.told == ["failover", "drain", "done"]
    assert {key for _, key in followed.store.calls[before:]} <= {
        lease_key(followed.card),
        intent_key(followed.card.id),
        *(key for _, key in followed.store.calls if key.startswith(("ledger/", "anchors/"))),
    }


@pytest.mark.parametrize("other", [None, "failback-7"])
def test_nobody_performs_it_any_more(followed: Followed, other: str | None) -> None:
    """After a lease's TTL, also where the lease moves for another operation: 13, and what goes on with it."""
    if other is not None:
        held = take(Holder(followed.store, holder_of("x", other), FakeClock().monotonic, print), "lease/regions")
        followed.performs = [held.renew] * LONG
    begun = followed.clock.elapsed
    with pytest.raises(Incomplete, match="anna@first performs it no more") as caught:
        followed.follow()
    assert f"ops resume {followed.card.id}" in caught.value.next_step
    assert followed.clock.elapsed - begun >= TTL_SECONDS


def test_a_worker_may_take_its_time(followed: Followed) -> None:
    """An operation that was handed over is waited for, although nobody holds its lease yet."""
    hand_over(followed.store, followed.card.id, "eu-central-1")
    followed.performs = [*[lambda: None] * LONG, followed.done]
    assert followed.follow() == "done"


def test_what_is_over_is_told_and_left(followed: Followed) -> None:
    """A closed operation is told without waiting; one that never was is refused."""
    followed.done()
    begun = followed.clock.elapsed
    assert (followed.follow(), followed.told) == ("done", ["failover"])
    assert followed.clock.elapsed == begun
    with pytest.raises(BadInput, match="known: failover-1"):
        follow(Holder(followed.store, "b", followed.clock.monotonic, followed.pause), "failover-9", print)
