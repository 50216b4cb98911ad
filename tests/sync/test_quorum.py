"""S2 and S3 message by message: what is acknowledged, what is returned, and what is asked next."""

from __future__ import annotations

import pytest

from controlplane.domain.record import Record, Refusal, Reply, Standing, State
from controlplane.sync.catch_up import Ending, catch_up
from controlplane.sync.quorum import Ask, Outcome, StrongRead, StrongWrite, settling
from tests.sync.controls import RARE
from tests.sync.trio import KEY, A, B, C, Trio, stamped


def test_a_write_is_acknowledged_by_a_majority_that_answered_accepted() -> None:
    """S2: one answer is not enough, two of three are; a third one that has something newer takes nothing away."""
    trio = Trio()
    trio.hold(9, C)
    write = StrongWrite(trio.voters, stamped(5))
    assert write.start() == [Ask(region, stamped(5)) for region in (A, B, C)]
    for region, outcome in ((C, None), (A, None), (B, Outcome.ACCEPTED)):
        write.hear(region, trio.answer(Ask(region, stamped(5))))
        assert write.outcome is outcome
    assert write.confirmed == (A, B)
    assert not write.is_everywhere


def test_a_write_is_superseded_when_a_majority_has_something_newer() -> None:
    """S2: two newer answers say that this write will never be the value, and a read then never returns it."""
    trio = Trio()
    newer = trio.hold(9, A, B)
    write = StrongWrite(trio.voters, stamped(5))
    for region in (C, A, B):
        assert write.outcome is None
        write.hear(region, trio.answer(Ask(region, stamped(5))))
    assert write.outcome is Outcome.SUPERSEDED
    read = StrongRead(trio.voters)
    for ask in [Ask(C, None), Ask(A, None)]:
        read.hear(ask.region, trio.answer(ask))
    read.hear(B, trio.answer(Ask(B, None)))
    assert read.record == newer


def test_one_newer_answer_and_a_silence_decide_nothing() -> None:
    """S2: accepted here, superseded there and silent elsewhere may become the value later: the outcome is unknown."""
    trio = Trio()
    trio.hold(9, A)
    write = StrongWrite(trio.voters, stamped(5))
    for region in (A, C):
        write.hear(region, trio.answer(Ask(region, stamped(5))))
    again = write.miss(Ask(B, stamped(5)))
    assert again == [Ask(B, stamped(5), 1)]
    assert write.outcome is None
    assert write.miss(again[0]) == []
    assert write.outcome is Outcome.UNKNOWN


def test_a_clock_that_runs_ahead_changes_nothing() -> None:
    """S1: where every voter refuses the stamp the write certainly did not happen; where one is silent nobody knows."""
    trio = Trio()
    record = stamped(3_000_000)
    write = StrongWrite(trio.voters, record)
    for region in (A, B, C):
        reply = trio.answer(Ask(region, record))
        assert reply.refusal is Refusal.UNSAFE_CLOCK
        write.hear(region, reply)
    assert write.outcome is Outcome.UNSAFE_CLOCK
    other = StrongWrite(trio.voters, record)
    for region in (A, B):
        other.hear(region, trio.answer(Ask(region, record)))
    (again,) = other.miss(Ask(C, record))
    other.miss(again)
    assert other.outcome is Outcome.UNKNOWN


def test_a_refusal_of_a_repeated_question_is_not_certain() -> None:
    """S1: where a question was repeated its first copy may come later, when the voter's clock has come up: unknown."""
    trio = Trio()
    record = stamped(3_000_000)
    write = StrongWrite(trio.voters, record)
    (again,) = write.miss(Ask(A, record))
    for ask in (again, Ask(B, record), Ask(C, record)):
        write.hear(ask.region, trio.answer(ask))
    assert write.outcome is Outcome.UNKNOWN


def test_who_has_not_caught_up_does_not_count() -> None:
    """S4: two voters that are catching up and one that accepted are no majority, at once and not after a time limit."""
    trio = Trio()
    for region in (B, C):
        trio.stores[region].standing = Standing(State.CATCHING, 2, {})
    write, read = StrongWrite(trio.voters, stamped(5)), StrongRead(trio.voters)
    for region in (A, B, C):
        write.hear(region, trio.answer(Ask(region, stamped(5))))
        read.hear(region, trio.answer(Ask(region, None)))
    assert write.outcome is Outcome.UNKNOWN
    assert read.is_failed


def test_a_read_of_what_a_majority_holds_asks_once() -> None:
    """S3: two equal answers are enough; nothing is written back."""
    trio = Trio()
    held = trio.hold(5, A, B)
    read = StrongRead(trio.voters)
    assert read.start() == [Ask(region, None) for region in (A, B, C)]
    assert read.hear(A, trio.answer(Ask(A, None))) == []
    assert not read.is_done
    assert read.hear(B, trio.answer(Ask(B, None))) == []
    assert (read.is_done, read.record) == (True, held)


def test_a_read_writes_the_newest_back_before_it_returns_it() -> None:
    """S3: what one voter holds is returned only after a majority does."""
    trio = Trio()
    old, new = trio.hold(5, A, B, C), trio.hold(7, A)
    read = StrongRead(trio.voters)
    read.hear(B, trio.answer(Ask(B, None)))
    asks = read.hear(A, trio.answer(Ask(A, None)))
    assert asks == [Ask(B, new), Ask(C, new)]
    assert not read.is_done
    assert trio.stores[C].look(KEY).record == old
    read.hear(C, trio.answer(asks[1]))
    assert (read.is_done, read.record) == (True, new)


def _overtaken(read: StrongRead, trio: Trio) -> tuple[Record | None, Record, Record]:
    """A read that asked A long ago; since then 10 was acknowledged and read, then 5 was written, by a slow clock."""
    early = trio.answer(Ask(A, None))
    newer = trio.hold(10, A, B)
    older = trio.hold(5, C)
    read.hear(A, early)
    asks = read.hear(C, trio.answer(Ask(C, None)))
    for ask in asks:
        for further in read.hear(ask.region, trio.answer(ask)):
            read.hear(further.region, trio.answer(further))
    return read.record, newer, older


def test_a_read_never_takes_a_newer_stamp_for_a_confirmation() -> None:
    """S3: a read that meets something newer while it writes back returns the newer. The textbook's rule, made for
    writes that ask for a stamp first, would return what is older than what was read before it was written."""
    trio = Trio()
    found, newer, _ = _overtaken(StrongRead(trio.voters), trio)
    assert found == newer
    trio = Trio()
    found, newer, older = _overtaken(RARE["newer confirms older"].read(trio.voters), trio)
    assert found == older


@pytest.mark.parametrize("careless", [False, True], ids=["shipped", "careless"])
def test_a_vote_from_before_a_loss_completes_no_majority(careless: bool) -> None:
    """S4: C accepts, loses its memory and catches up; A accepts only then: nobody but A knows the write, and it is not
    acknowledged. Without the incarnations in A's answer it would be, and lost."""
    trio = Trio()
    if careless:
        for region in (A, B, C):
            trio.stores[region] = RARE["old votes still count"].voter(region)
            trio.stores[region].standing = Standing(State.VOTING, 1, dict.fromkeys((A, B, C), 1))
    write = StrongWrite(trio.voters, stamped(5))
    write.hear(C, trio.answer(Ask(C, stamped(5))))
    trio.stores[C].lose()
    assert trio.drive(catch_up(trio.voters, C)) is Ending.DONE
    write.hear(A, trio.answer(Ask(A, stamped(5))))
    assert write.outcome is (Outcome.ACCEPTED if careless else None)
    read = StrongRead(trio.voters)
    for region in (B, C):
        read.hear(region, trio.answer(Ask(region, None)))
    assert (read.is_done, read.record) == (True, None)
    write.hear(B, trio.answer(Ask(B, stamped(5))))
    assert write.outcome is Outcome.ACCEPTED


def test_an_old_primary_that_still_answers_is_fenced() -> None:
    """S4: after C was replaced, its old server's answer makes no majority, whoever of the others answers beside it."""
    trio = Trio()
    old = trio.stores[C]
    trio.stores[C] = type(old)(C)
    assert trio.drive(catch_up(trio.voters, C)) is Ending.DONE
    for other in (A, B):
        read = StrongRead(trio.voters)
        read.hear(C, old.look(KEY))
        read.hear(other, trio.answer(Ask(other, None)))
        assert not read.is_done
        read.hear(C, trio.answer(Ask(C, None)))
        assert read.is_done


def test_a_removal_is_read_and_not_undone_by_an_older_write() -> None:
    """S2: after a removal the record is gone for every reader, and a late older write is superseded."""
    trio = Trio()
    trio.hold(5, A, B, C)
    gone = stamped(9, None)
    write = StrongWrite(trio.voters, gone)
    for ask in write.start():
        write.hear(ask.region, trio.answer(ask))
    assert write.is_everywhere
    for ask in settling(trio.voters, gone):
        assert trio.answer(ask).record == gone._replace(settled=True)
    late = StrongWrite(trio.voters, stamped(6))
    for ask in late.start():
        late.hear(ask.region, trio.answer(ask))
    assert late.outcome is Outcome.SUPERSEDED


@pytest.mark.parametrize("settled", [True, False], ids=["settled", "unsettled"])
def test_forgotten_and_settled_agree(settled: bool) -> None:
    """A settled removal here and nothing there is agreement; an unsettled one is written back like any other record."""
    trio = Trio()
    removal = trio.hold(9, A, payload=None)
    if settled:
        trio.answer(Ask(A, removal._replace(settled=True)))
    read = StrongRead(trio.voters)
    read.hear(A, trio.answer(Ask(A, None)))
    asks = read.hear(B, trio.answer(Ask(B, None)))
    assert read.is_done is settled
    assert [ask.region for ask in asks] == ([] if settled else [B, C])


def test_late_and_repeated_answers_take_nothing_back() -> None:
    """An answer from before another one of the same voter is ignored, in whatever order they come."""
    trio = Trio()
    before = trio.answer(Ask(A, None))
    held = trio.hold(5, A, B)
    read = StrongRead(trio.voters)
    read.hear(A, trio.answer(Ask(A, None)))
    read.hear(A, before)
    read.hear(B, trio.answer(Ask(B, None)))
    assert (read.is_done, read.record) == (True, held)
    assert read.hear(C, Reply(trio.stores[C].standing)) == []
