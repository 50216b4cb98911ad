"""The fast path of a memory hit answers as the judge does, whatever was purged in between."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache.barriers import Barriers, Standing
from controlplane.domain.purge_log import Kind, Position, Purge

TAGS = ("guest:1", "guest:2", "wedding:1", "key:main:a", "*")
PURGES = st.lists(
    st.tuples(
        st.sampled_from(["apply", "owe", "lose", "adopt"]), st.sets(st.sampled_from(TAGS), min_size=1), st.booleans()
    ),
    max_size=30,
)


@given(PURGES, st.sets(st.sampled_from(TAGS), min_size=1), st.integers(0, 30))
def test_what_no_purge_touched_is_as_valid_as_it_was(
    steps: list[tuple[str, set[str], bool]], tags: set[str], checked_after: int
) -> None:
    """Found valid once, and none of its tags touched since: the barriers still find it valid."""
    barriers, own, as_of, checked = Barriers(), tuple(tags), None, None
    barriers.adopt(Position("e0", 0), 0, ())
    for number, (verb, purged, is_hard) in enumerate(steps):
        if number == checked_after % len(steps):
            as_of, checked = barriers.position, barriers.generation
            assert barriers.standing(own, as_of) is Standing.VALID
        at, kind = barriers.position, Kind.HARD if is_hard else Kind.SOFT
        if verb == "apply":
            barriers.apply(Purge(Position(at.epoch, at.n + 1), kind, tuple(purged)))
        elif verb == "owe":
            barriers.owe(purged, kind)
        elif verb == "lose":
            barriers.lose(at.n + 1, ())
        else:
            barriers.adopt(Position(f"e{number + 1}", at.n + 1), at.n + 1, ())
        if checked is not None and as_of is not None:
            is_untouched = checked >= barriers.touched_since and barriers.touched.isdisjoint(own)
            assert not is_untouched or barriers.standing(own, as_of) is Standing.VALID


def test_touched_tags_do_not_pile_up() -> None:
    """After many purges only the last ones' tags are kept, and what was checked before is looked at in full."""
    barriers = Barriers()
    for number in range(1, 3_000):
        barriers.apply(Purge(Position("", number), Kind.SOFT, (f"guest:{number}",)))
    assert len(barriers.touched) <= 1_001
    assert barriers.touched_since > 900
    assert barriers.standing(("guest:1",), Position("", 0)) is Standing.SOFT
