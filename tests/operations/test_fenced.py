"""A laptop that wakes after its lease: it changes nothing, and the ledger that others closed stays closed."""

from __future__ import annotations

import pytest

from controlplane.domain.ledger import Kind
from controlplane.domain.purge import PurgeRequest
from controlplane.domain.purge_log import Kind as PurgeKind
from controlplane.errors import LeaseLost
from controlplane.operations.fenced import FencedStore
from controlplane.operations.ledger import Record, chain, close, recording, verify
from controlplane.operations.purge import purge
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeCdn
from tests.fakes.store import FakeSharedStore

ID = "failover-1"


class Asleep:
    """A lease that is held until somebody else takes over."""

    def __init__(self) -> None:
        self.is_lost = False

    def check(self) -> None:
        """As `Held.check`."""
        if self.is_lost:
            raise LeaseLost("the lease went to somebody else")


def record(store: FakeSharedStore, who: str) -> Record:
    """A performer's pen."""
    return Record(store, FakeClock(), who, ID)


def test_a_change_that_comes_too_late_writes_nothing() -> None:
    """Asked between the read and the conditional write: the register keeps what it had."""
    store, lease = FakeSharedStore(), Asleep()
    fenced = FencedStore(store, lease.check)
    assert fenced.change("drain/eu", lambda _: "drain") == "drain"
    lease.is_lost = True
    with pytest.raises(LeaseLost):
        fenced.change("drain/eu", lambda _: "serve")
    with pytest.raises(LeaseLost):
        fenced.put("purges/1", "text")
    assert (fenced.read("drain/eu"), fenced.get("purges/1"), list(fenced.names("drain/"))) == (
        "drain",
        None,
        ["drain/eu"],
    )


def test_who_lost_the_lease_adds_nothing_to_a_ledger_that_others_closed() -> None:
    """The chain ends with its closing line and anchor, although the first performer wakes after it."""
    store = FakeSharedStore()
    with pytest.raises(LeaseLost), recording(record(store, "first"), begins=True, said="failover", facts={}):
        record(store, "second").write(Kind.CLOSED, "done")
        raise LeaseLost("woken too late")
    assert chain(store, ID).is_closed
    assert verify(store, ID).unsure == ()


def test_who_lost_the_lease_says_so_while_the_operation_is_open() -> None:
    """The story of an operation that somebody else still performs has it."""
    store = FakeSharedStore()
    with pytest.raises(LeaseLost), recording(record(store, "first"), begins=True, said="failover", facts={}):
        raise LeaseLost("woken too late")
    assert chain(store, ID).entries[-1].kind is Kind.FAILED


def test_a_closing_line_without_its_anchor_is_anchored_later() -> None:
    """Its writer died between the two: until somebody closes it again, a cut-off tail cannot be excluded."""
    store = FakeSharedStore()
    first = record(store, "first")
    first.write(Kind.BEGUN, "failover")
    first.write(Kind.CLOSED, "done")
    del store.registers[f"anchors/{ID}/2"]
    assert verify(store, ID).unsure
    close(record(store, "second"), "found closed")
    assert verify(store, ID).unsure == ()
    assert len(chain(store, ID).entries) == 2


def test_an_operation_that_is_taken_back_has_its_last_line() -> None:
    """Also where it was cut off before it wrote one, and only once."""
    store = FakeSharedStore()
    for _ in range(2):
        close(record(store, "second"), "taken back", Kind.CANCELLED)
    assert [line.kind for line in chain(store, ID).entries] == [Kind.CANCELLED]
    assert verify(store, ID).unsure == ()


def test_a_purge_asks_no_cdn_when_its_lease_is_lost() -> None:
    """A takedown's performer that was stopped before the CDNs were asked wakes and asks nobody."""
    store, lease, cdn, clock = FakeSharedStore(), Asleep(), FakeCdn("cloudfront"), FakeClock()
    lease.is_lost = True
    request = PurgeRequest(id="p", tags=("wedding:como",), kind=PurgeKind.HARD, by="me", at="2027-06-12T14:00:00Z")
    with pytest.raises(LeaseLost):
        purge(request, store=store, cdns=[cdn], regions=[], clock=clock, pause=clock.pause, check=lease.check)
    assert not cdn.purges
