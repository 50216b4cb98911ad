"""An entry that was put together from parts which others have too is the same entry."""

from __future__ import annotations

import pytest

from controlplane.cache.barriers import Standing
from controlplane.cache.entry import UNSEEN, Entry, all_tags, common_of
from controlplane.cache.freshness import HIT, Bounds, judge
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier

BOUNDS = Bounds(2.0, 600.0, 60.0)
AS_OF = Position("e", 7)


def both(key: str, own_tags: tuple[str, ...], fresh: float, life: float) -> tuple[Entry, Entry]:
    """The entry made at once, and made of shared parts."""
    whole = Entry.of("v", all_tags("main", key, own_tags), AS_OF, 100.0, fresh, 5.0, life, Tier.HIGH, 1)
    common = common_of("main", own_tags, fresh, 5.0, life, Tier.HIGH)
    return whole, Entry(key, "v", None, AS_OF, 100.0, 100.0 + fresh, 1, UNSEEN, 0, common)


@pytest.mark.parametrize("own_tags", [(), ("wedding:como", "page:rsvp"), ("guest:7",)])
def test_shared_parts_make_the_same_entry(own_tags: tuple[str, ...]) -> None:
    """Tags (its key's among them), durations and what may be erased are those of an entry made by itself, in memory
    as before."""
    whole, shared = both("page:7", own_tags, 60.0, 90.0)
    for put in (False, True):
        if put:
            shared.shelve("page:7")
        assert shared.tags == whole.tags
        assert "key:main:page:7" in shared.tags
        for name in ("fresh", "stale", "life", "tier", "erasable", "retry_at", "fresh_until", "started", "as_of"):
            assert getattr(shared, name) == getattr(whole, name)


@pytest.mark.parametrize(("fresh", "life"), [(10.0, 20.0), (20.0, 10.0), (0.0, 10.0), (10.0, 0.0)])
@pytest.mark.parametrize("now", [99.0, 100.0, 105.0, 110.0, 119.0, 120.0, 130.0])
def test_what_is_fresh_is_what_the_judge_calls_a_hit(fresh: float, life: float, now: float) -> None:
    """Nothing that the look for most answers takes for fresh would be refused by the judge."""
    entry, _ = both("k", (), fresh, life)
    verdict = judge(entry, now=now, standing=Standing.VALID, blind_for=0.0, bounds=BOUNDS, in_window=False)
    assert not entry.is_fresh(now) or verdict is HIT
    assert now < entry.started or entry.is_fresh(now) == (verdict is HIT)
