"""S1-S4 in the simulated world: every history is linearizable, and every careless variant is caught.

`python -m tests.sync.long 10_000_000` goes on for longer.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controlplane.domain.record import Record, Stamp
from tests.sync.controls import CONTROLS
from tests.sync.simulator import Rules
from tests.sync.trouble import played

RUNS = 12
EACH = 800
COUNTS: Counter[str] = Counter()


@settings(max_examples=RUNS, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), regions=st.sampled_from([3, 3, 4, 5]))
def test_every_history_is_linearizable(seed: int, regions: int) -> None:
    """S1-S4: with partitions, loss, repetition, pauses, skew and lost memories no key's history is out of order."""
    world, violations = played(Rules(regions=regions), seed, EACH)
    assert not violations, (seed, violations[0])
    COUNTS.update(world.counts)


def test_every_fault_fired() -> None:
    """The runs above really acknowledged, refused, lost memories and caught up: a quiet world would prove nothing."""
    if not COUNTS:
        test_every_history_is_linearizable()
    wanted = ["accepted", "superseded", "unknown", "reads", "failed reads", "settled", "mending done"]
    faults = ["cut", "pause_voter", "pause_client", "weather", "step_clock", "lose", "replace"]
    assert not [name for name in wanted + faults if not COUNTS[name]], COUNTS


@pytest.mark.parametrize("name", CONTROLS)
def test_a_careless_variant_is_caught(name: str) -> None:
    """The same world and checker find the violation of each variant that leaves one precaution out."""
    assert any(played(CONTROLS[name], seed, EACH)[1] for seed in range(60)), f"{name} was never noticed"


def test_a_run_follows_from_its_seed() -> None:
    """The same seed gives the same history, event by event."""
    first, second = (played(Rules(), 7, 300)[0] for _ in range(2))
    assert first.histories == second.histories
    assert first.counts == second.counts
    assert played(Rules(), 8, 300)[0].histories != first.histories


def test_stamps_are_totally_ordered() -> None:
    """S1: stamps of one microsecond differ by region and writer, and a record keeps its stamp."""
    stamps = [Stamp(2, "a", "a"), Stamp(1, "b", "a"), Stamp(1, "a", "b"), Stamp(1, "a", "a")]
    assert sorted(stamps) == list(reversed(stamps))
    assert Record(stamps[0], None).stamp is stamps[0]
