"""What leaves memory, beside plain S3-FIFO and LRU on traffic of several kinds."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import accumulate, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache.evicted import Evicted
from controlplane.cache.eviction import LRU, S3_FIFO, WIDE, Eviction, ghost
from controlplane.cache.memory import Memory
from controlplane.cache.queues import fingerprint_of
from tests.cache.test_memory_bounds import entry

ROOM = 60
ACCESSES = 12_000
Traffic = Callable[[random.Random], Iterator[int]]


def zipf(chance: random.Random, keys: int = 1_200, first: int = 0) -> Iterator[int]:
    """A few keys often, many seldom."""
    weights = list(accumulate(1 / (number + 1) for number in range(keys)))
    while True:
        yield first + chance.choices(range(keys), cum_weights=weights)[0]


def scans(chance: random.Random) -> Iterator[int]:
    """Zipf with scans of keys that never return, each twice as long as memory."""
    usual, new = zipf(chance), 10_000
    while True:
        yield from islice(usual, 300)
        yield from range(new, new + 2 * ROOM)
        new += 2 * ROOM


def loop(chance: random.Random) -> Iterator[int]:
    """The same keys again and again, a fifth more than memory holds."""
    while True:
        yield from range(ROOM * 6 // 5)


def drift(chance: random.Random) -> Iterator[int]:
    """A working set of nine tenths of memory, which moves on by one key every two accesses."""
    first = 0
    while True:
        for _ in range(2):
            yield first + chance.randrange(ROOM * 9 // 10)
        first += 1


def shifting(chance: random.Random) -> Iterator[int]:
    """Zipf over other keys from time to time."""
    first = 0
    while True:
        yield from islice(zipf(chance, first=first), 3_000)
        first += 1_200


def phases(chance: random.Random) -> Iterator[int]:
    """Nights of scans and days of a drifting set, in turn."""
    night, day = scans(chance), drift(chance)
    while True:
        yield from islice(night, 3_000)
        yield from (100_000 + key for key in islice(day, 3_000))


def hits(traffic: Traffic, memory: Memory) -> int:
    """How many accesses memory answers; what it lacks is put."""
    found = 0
    for key in islice(traffic(random.Random(7)), ACCESSES):
        if memory.get(str(key)) is not None:
            found += 1
        else:
            memory.put(str(key), entry())
    return found


def ghost_hits(traffic: Traffic, policy: Eviction) -> int:
    """How many a fixed policy would answer."""
    fixed = ghost(policy, ROOM)
    return sum(fixed.access(key) for key in islice(traffic(random.Random(7)), ACCESSES))


@pytest.mark.parametrize("traffic", [zipf, scans, loop, drift, shifting, phases])
def test_memory_keeps_up_with_the_better_of_s3_fifo_and_lru(traffic: Traffic) -> None:
    """On every kind of traffic: at most one point below the better of the two, which differ by up to 30."""
    rivals = [ghost_hits(traffic, policy) for policy in (S3_FIFO, LRU)]
    assert hits(traffic, Memory(ROOM, 10_000_000)) >= max(rivals) - ACCESSES // 100


def test_the_kinds_of_traffic_tell_the_policies_apart() -> None:
    """Neither fixed policy is best everywhere."""
    assert ghost_hits(loop, S3_FIFO) > ghost_hits(loop, LRU) + ACCESSES // 10
    assert ghost_hits(drift, LRU) > ghost_hits(drift, S3_FIFO) + ACCESSES // 10


@given(st.lists(st.integers(0, 9), max_size=300), st.integers(1, 8))
def test_by_recency_what_leaves_was_used_in_the_earliest_epoch(keys: list[int], room: int) -> None:
    """Under LRU nothing that stays was last used before what leaves."""
    left: list[int] = []
    memory = Memory(room, 10_000, lambda key, gone: left.append(gone.mark[1]))
    memory.queues.trial.policy = LRU
    for number in keys:
        if memory.get(str(number)) is None:
            memory.put(str(number), entry())
            while left:
                assert left.pop() <= min(one.mark[1] for one in memory.entries.values())


@given(
    st.lists(st.sampled_from(["get", "put", "drop", "lru", "wide", "s3"]), max_size=80),
    st.randoms(use_true_random=False),
)
def test_the_policy_may_change_at_any_time(steps: list[str], chance: random.Random) -> None:
    """Changing the policy between any two steps loses no key and breaks no bound."""
    memory = Memory(5, 10_000)
    policies = {"lru": LRU, "wide": WIDE, "s3": S3_FIFO}
    for number, step in enumerate(steps):
        key = str(chance.randrange(12))
        if step == "get":
            memory.get(key)
        elif step == "put":
            assert memory.put(key, entry(started=number))
            assert key in memory.entries
        elif step == "drop":
            memory.drop(key)
        else:
            memory.queues.trial.policy = policies[step]
        assert len(memory) <= 5
        assert memory.queues.places() >= len(memory)


@given(st.lists(st.integers(0, 2**32 - 1), unique=True, max_size=40), st.integers(1, 20))
def test_only_the_last_evictions_are_remembered_and_each_once(keys: list[int], most: int) -> None:
    """What was evicted earlier than the last `most`, or is asked for again, is not remembered."""
    evicted = Evicted()
    for key in keys:
        evicted.add(key, most)
    early, late = keys[:-most], keys[-most:]
    assert not any(evicted.take(key, most) for key in early)
    assert evicted.take(late[-1], most) if late else True
    assert not any(evicted.take(key, most) for key in late if evicted.take(key, most))


def test_fingerprints_sample_evenly() -> None:
    """Every low bit of the fingerprints of numbered keys is set for about half of them."""
    found = [fingerprint_of(f"guests:{number}") for number in range(4_096)]
    assert all(0.45 < sum(one >> bit & 1 for one in found) / len(found) < 0.55 for bit in range(12))
