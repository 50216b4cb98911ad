"""Two agents never both hold the lease, whatever their clocks and delays; a dead holder is replaced after the TTL."""

from __future__ import annotations

import random
from collections.abc import Generator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controlplane.domain import lease as leases
from controlplane.domain.lease import TTL_SECONDS, Lease, Sighting


@dataclass
class Agent:
    """One process: its own monotonic clock is real time plus an offset that nobody else knows."""

    name: str
    offset: float
    sighting: Sighting | None = None
    asked_at: float | None = None

    def clock(self, real: float) -> float:
        """Its own reading at a real instant."""
        return real + self.offset

    def thinks_it_holds(self, real: float) -> bool:
        """What it checks before every effect."""
        return self.asked_at is not None and leases.is_held(self.asked_at, self.clock(real))


@dataclass
class Store:
    """The register: one lease, changed only by compare and set."""

    lease: Lease | None = None


def life(store: Store, agent: Agent, chance: random.Random, *, early: bool) -> Generator[float, float, None]:
    """An agent's beats: yields how long it is away, is sent the real time. Calls land somewhere within their delays.

    `early` is the mistake of counting a sighting from before the question.
    """
    while True:
        asked = agent.clock((yield chance.uniform(0, 3)))
        yield chance.uniform(0, 3)
        seen = store.lease
        now = agent.clock((yield chance.uniform(0, 3)))
        agent.sighting = leases.sighted(agent.sighting, seen, asked if early else now)
        if not leases.may_take(agent.sighting, agent.name, now):
            agent.asked_at = None
            continue
        yield chance.uniform(0, 3)
        if store.lease != seen:
            agent.asked_at = None
            continue
        store.lease = leases.taken(seen, agent.name)
        agent.asked_at, agent.sighting = now, leases.sighted(None, store.lease, now)


def both_hold(seed: int, *, early: bool = False) -> bool:
    """Whether in one run of three agents, who stall at random, two ever think that they hold the lease."""
    chance = random.Random(seed)
    store = Store()
    agents = [Agent(f"agent-{number}", chance.uniform(-1e6, 1e6)) for number in range(3)]
    lives = [life(store, agent, chance, early=early) for agent in agents]
    due = [(next(one) + chance.uniform(0, 5), number) for number, one in enumerate(lives)]
    for _ in range(200):
        real, number = min(due)
        if sum(agent.thinks_it_holds(real) for agent in agents) > 1:
            return True
        stall = 9.0 if chance.random() < 0.05 else 0.0
        due[number] = (real + stall + lives[number].send(real), number)
    return False


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_at_most_one_holds(seed: int) -> None:
    """Slow reads and writes, clocks that share nothing, agents that stall and come back: never two that think so."""
    assert not both_hold(seed)


def test_counting_from_before_the_question_is_caught() -> None:
    """The same runs find two holders when a sighting is dated before its read."""
    assert any(both_hold(seed, early=True) for seed in range(3000))


def test_counters_only_grow_and_a_dead_holder_is_replaced_after_the_ttl() -> None:
    """The watcher waits one TTL of its own clock from when it saw the counter, not a moment less."""
    held = Lease("a", 4)
    sighting = leases.sighted(None, held, 100.0)
    assert leases.sighted(sighting, held, 103.0) is sighting
    assert not leases.may_take(sighting, "b", 100.0 + TTL_SECONDS - 0.001)
    assert leases.may_take(sighting, "b", 100.0 + TTL_SECONDS)
    assert leases.taken(held, "b") == Lease("b", 5)
    renewed = leases.sighted(sighting, Lease("a", 5), 105.0)
    assert not leases.may_take(renewed, "b", 100.0 + TTL_SECONDS)


def test_a_lease_that_was_given_back_is_free_at_once() -> None:
    """An agent that ends in good order does not leave the next one waiting."""
    free = leases.given_back(Lease("a", 4))
    assert leases.may_take(leases.sighted(None, free, 7.0), "b", 7.0)
    assert leases.taken(free, "b") == Lease("b", 6)
    assert leases.may_take(leases.sighted(None, None, 7.0), "b", 7.0)


def test_texts_round_trip_and_damage_is_an_error() -> None:
    """What is no lease is never read as one."""
    assert Lease.from_json(Lease("a", 4).to_json()) == Lease("a", 4)
    assert Lease.from_json(None) is None
    for damaged in ("{}", "7", "[]", "{"):
        with pytest.raises(ValueError):
            Lease.from_json(damaged)
