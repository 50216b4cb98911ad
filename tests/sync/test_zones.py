"""The checker of histories, against all orders of small ones: it must be right before it may judge anything."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sync.zones import INITIAL, NEVER, History, Read, Write


def by_trying(history: History) -> bool:
    """Whether some order of all operations, within their times, gives every read the value last written."""
    unsure = [write for write in history.writes if not write.is_sure]
    return any(
        _ordered(list(some) + [write for write in history.writes if write.is_sure], list(history.reads), INITIAL)
        for size in range(len(unsure) + 1)
        for some in itertools.combinations(unsure, size)
    )


def _ordered(writes: list[Write], reads: list[Read], value: object) -> bool:
    left: list[Write | Read] = [*writes, *reads]
    if not left:
        return True
    soonest = min(one.end for one in left)
    for one in left:
        if one.start <= soonest:
            if isinstance(one, Write):
                if _ordered([other for other in writes if other is not one], reads, one.value):
                    return True
            elif one.value == value and _ordered(writes, [other for other in reads if other is not one], value):
                return True
    return False


@st.composite
def histories(draw: st.DrawFn) -> History:
    """Up to four writes and three reads at random times, no two of which are the same."""
    count = draw(st.integers(1, 4))
    times = iter(draw(st.permutations(range(14))))
    history = History()
    for value in range(count):
        start, end = sorted((next(times), next(times)))
        kind = draw(st.sampled_from(["sure", "sure", "maybe", "superseded"]))
        history.writes.append(Write(value, start, NEVER if kind == "maybe" else end, kind == "sure"))
    for _ in range(draw(st.integers(0, 3))):
        start, end = sorted((next(times), next(times)))
        history.reads.append(Read(draw(st.sampled_from([INITIAL, *range(count)])), start, end))
    return history


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(histories())
def test_zones_judge_as_trying_every_order_does(history: History) -> None:
    """On small histories the zones say linearizable exactly where some order of the operations explains them."""
    assert (not history.violations()) == by_trying(history), history


@pytest.mark.parametrize(
    ("reads", "word"),
    [
        ([Read("x", 1, 2)], "nobody wrote"),
        ([Read("a", 0, 4)], "ended before"),
        ([Read("void", 9, 10)], "said not to have happened"),
        ([Read("b", 21, 22), Read("a", 23, 24)], "overlaps"),
        ([Read("a", 21, 22)], "lies inside"),
    ],
    ids=["unwritten", "future", "void", "back-and-forth", "older"],
)
def test_each_kind_of_violation_is_told(reads: list[Read], word: str) -> None:
    """A value from nowhere, from the future, of a refused write, and an older value after a newer one are all found."""
    writes = [Write("a", 5, 6), Write("b", 11, 12), Write("void", 1, 2, is_sure=False, is_void=True)]
    before = [Read("a", 7, 8), Read("a", 25, 26)] if word == "lies inside" else []
    assert any(word in sentence for sentence in History(writes, [*before, *reads]).violations())
