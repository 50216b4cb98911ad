"""Memory's bounds, its accounting, and that nothing leaves that should not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controlplane.cache.entry import Entry, all_tags
from controlplane.cache.memory import OVERHEAD, Memory
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier

STEPS = st.lists(
    st.tuples(st.sampled_from(["get", "put", "put", "put", "drop", "clear"]), st.integers(0, 30), st.integers(0, 2000)),
    max_size=120,
)


def entry(size: int = 10, started: float = 0.0) -> Entry:
    """An entry of some size."""
    return Entry.of("v", ("*",), Position("e", 1), started, 60, 60, 120, Tier.LOW, size)


@given(STEPS, st.integers(1, 12), st.sampled_from([600, 5_000, 10_000_000]))
def test_bounds_and_accounting_hold_after_every_step(
    steps: list[tuple[str, int, int]], entries: int, size: int
) -> None:
    """Whatever is read, put, dropped and cleared: both bounds hold, the bytes are exact, and every loss was told."""
    told: list[tuple[str, Entry]] = []
    memory = Memory(entries, size, lambda key, gone: told.append((key, gone)))
    alive: dict[str, Entry] = {}
    for number, (verb, key_number, value_size) in enumerate(steps):
        key = f"k{key_number}"
        if verb == "get":
            assert memory.get(key) is alive.get(key)
        elif verb == "drop":
            memory.drop(key)
            alive.pop(key, None)
        elif verb == "clear":
            memory.clear()
            alive.clear()
        else:
            new = entry(value_size, started=number)
            is_kept = memory.put(key, new)
            alive[key] = new
            for gone, what in told:
                assert alive.pop(gone) is what
            told.clear()
            if OVERHEAD + value_size + len(key) > size:
                alive.pop(key, None)
            assert is_kept == (key in alive)
        assert memory.entries == alive
        assert len(memory) <= entries
        assert memory.bytes == sum(one.size + len(name) + OVERHEAD for name, one in alive.items()) <= size


@given(STEPS)
def test_nothing_leaves_while_there_is_room(steps: list[tuple[str, int, int]]) -> None:
    """Within the bounds every key that was put and not dropped is there."""
    memory = Memory(31, 31 * (2_000 + 3 + OVERHEAD))
    alive: dict[str, Entry] = {}
    for number, (verb, key_number, size) in enumerate(steps):
        key = f"k{key_number}"
        if verb == "drop":
            memory.drop(key)
            alive.pop(key, None)
        elif verb == "put":
            alive[key] = entry(size, started=number)
            assert memory.put(key, alive[key])
    assert memory.entries == alive
    assert memory.stats.evicted == 0


def test_dropped_keys_leave_no_growing_trace() -> None:
    """Keys that come and go without ever filling memory do not pile up as vacant places."""
    memory = Memory(100, 10_000_000)
    for number in range(1_000):
        name = f"k{number if number % 3 else number % 7}"
        memory.put(name, entry(started=number))
        memory.drop(name)
    assert memory.queues.places() <= 65


def test_an_oversized_value_is_refused_and_counted() -> None:
    """A value larger than the bound is not kept, evicts nothing else, and takes its older version with it."""
    memory = Memory(10, 1_000)
    memory.put("a", entry())
    memory.put("b", entry())
    assert not memory.put("a", entry(size=2_000, started=1.0))
    assert (set(memory.entries), memory.stats.memory_refused, memory.stats.evicted) == ({"b"}, 1, 0)


def test_a_refresh_keeps_the_keys_place_and_uses() -> None:
    """A value that is replaced counts on from where its predecessor was."""
    memory = Memory(10, 10_000)
    memory.put("a", entry())
    memory.get("a")
    memory.put("a", newer := entry(started=1.0))
    assert (newer.uses, memory.queues.places()) == (1, 1)


@given(
    st.text(max_size=12),
    st.lists(st.sampled_from(["wedding:1", "guest:2", "page:menu"]), max_size=3),
    st.sampled_from(["main", "other"]),
    st.sampled_from([0.0, 7.0]),
)
def test_what_is_shared_in_memory_reads_as_it_was_put(key: str, tags: list[str], namespace: str, at: float) -> None:
    """Tags, durations and marks of an entry are the same before and after memory keeps it, beside others like it."""
    memory = Memory(10, 1_000_000)
    for number, name in enumerate((key, key + "x", key)):
        every = all_tags(namespace, name, tags)
        new = Entry.of(number, every, Position("e", number), number, 60.0, 30.0, 90.0, Tier.HIGH, 1)
        new.retry_at = at
        memory.put(name, new)
        new.refresh_at = at + 1
        assert (new.tags, new.fresh, new.stale, new.life, new.tier) == (every, 60.0, 30.0, 90.0, Tier.HIGH)
        assert (new.retry_at, new.refresh_at, new.erasable) == (at, at + 1, "guest:2" in tags)
        longer = new.lasting(70.0, 100.0)
        assert (longer.tags, longer.fresh, longer.life, longer.retry_at) == (every, 70.0, 100.0, at)
    assert memory.entries[key + "x"].tags == all_tags(namespace, key + "x", tags)
