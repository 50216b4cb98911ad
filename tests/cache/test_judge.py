"""G3, G4, G10, G11, G17 on the shipped judge, over all of its inputs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache.barriers import Standing
from controlplane.cache.entry import Entry, Reason
from controlplane.cache.freshness import Bounds, State, judge
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier

BOUNDS = Bounds(blind_after=2.0, blind_max=1000.0, blind_max_erasable=60.0)
seconds = st.floats(0, 3000, allow_nan=False)


@given(
    age=st.floats(-50, 3000, allow_nan=False),
    fresh=seconds,
    stale=seconds,
    more=seconds,
    standing=st.sampled_from(Standing),
    blind_for=st.floats(0, allow_nan=False),
    in_window=st.booleans(),
    erasable=st.booleans(),
)
def test_the_judge_keeps_every_bound(
    age: float,
    fresh: float,
    stale: float,
    more: float,
    standing: Standing,
    blind_for: float,
    in_window: bool,
    erasable: bool,
) -> None:
    """Each state is given exactly where the promises allow it, whatever the numbers."""
    tags = ("guest:9",) if erasable else ("wedding:a",)
    entry = Entry.of("v", tags, Position("e", 1), 5000.0 - age, fresh, stale, fresh + stale + more, Tier.LOW, 1)
    verdict = judge(entry, now=5000.0, standing=standing, blind_for=blind_for, bounds=BOUNDS, in_window=in_window)
    age = max(0.0, 5000.0 - entry.started)
    is_blind = blind_for > 2.0
    too_blind = is_blind and min(blind_for, age) > (60.0 if erasable else 1000.0)
    is_over = age >= entry.life or standing is Standing.HARD or too_blind or (erasable and standing is Standing.LOST)
    assert (verdict.state is State.DEAD) == is_over
    if verdict.state is State.HIT:
        assert standing is Standing.VALID
        assert age < fresh
        assert not is_blind
    if verdict.state is State.STALE:
        assert in_window or age < fresh + stale
        assert verdict.reason in (None, Reason.SOFT_PURGED, Reason.BLIND)
        assert (verdict.reason is Reason.SOFT_PURGED) == (standing in (Standing.SOFT, Standing.LOST))
    if verdict.state is State.KEPT:
        assert not in_window
        assert age >= fresh + stale
    if not is_over and standing is Standing.VALID and age < fresh and not is_blind:
        assert verdict.state is State.HIT
    assert verdict.doubtful <= (standing is Standing.LOST or is_blind)
