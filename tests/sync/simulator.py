"""A deterministic world for the shipped voting code: clients, voters, agents that mend, and a network that is bad.

Everything follows from the seed. Links lose, repeat, delay and are cut; voters and clients pause; clocks are apart by
up to 250 ms each way and step; voters lose their memory, come back from an old snapshot, or are replaced while the old
one still answers some clients. Only time, the network and the voters' storage are simulated.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from controlplane.domain.record import Record, Standing, State
from controlplane.sync.quorum import StrongRead, StrongWrite
from controlplane.sync.voters import Voters
from tests.fakes.region_store import FakeVoter
from tests.sync.zones import History

MS = 1000
SECOND = 1_000_000
SKEW = 250 * MS
DEADLINE = 1 * SECOND
MAX_DELIVERY = 20 * SECOND
NOON = 1_800_000_000 * SECOND


@dataclass
class Rules:
    """What is simulated, and the code under test; a negative control replaces one part."""

    regions: int = 3
    clients: int = 6
    write: Callable[[Voters, Record], StrongWrite] = StrongWrite
    read: Callable[[Voters], StrongRead] = StrongRead
    voter: Callable[[str], FakeVoter] = lambda region: FakeVoter(region, max_delivery=MAX_DELIVERY)
    # What a run is like is drawn from these: what one hides, another one shows.
    keys: tuple[int, ...] = (1, 3, 12, 60)
    reading: tuple[float, ...] = (0.3, 0.6, 0.9)
    removing: tuple[float, ...] = (0.1,)
    thinking: tuple[int, ...] = (1 * MS, 20 * MS, 100 * MS)
    fault_every: tuple[float, ...] = (0.3, 1.0, 3.0)


@dataclass
class Node:
    """A client or an agent: where it is, how its clock is off, until when it is paused."""

    region: str
    skew: int
    name: str
    paused_until: int = 0


@dataclass
class World:
    """One run."""

    rules: Rules
    seed: int
    now: int = 0
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        names = [f"region-{letter}" for letter in "abcde"[: self.rules.regions]]
        self.voters = Voters.of(*names)
        self.histories: defaultdict[str, History] = defaultdict(History)
        self._events: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._sequence = 0
        self.stores = {name: self.rules.voter(name) for name in names}
        self.snapshots: dict[str, dict[str, Record]] = {name: {} for name in names}
        for store in self.stores.values():
            store.standing = Standing(State.VOTING, 1, dict.fromkeys(names, 1))
        self.skews = {name: self._skew() for name in names}
        self.paused: dict[str, int] = dict.fromkeys(names, 0)
        self.clients = [Node(self.random.choice(names), self._skew(), f"client-{n}") for n in range(self.rules.clients)]
        self.agents = {name: Node(name, self._skew(), f"agent-{name}") for name in names}
        self.delays = {(a, b): (1 if a == b else self.random.randint(10, 50)) * MS for a in names for b in names}
        self.cut: set[tuple[str, str]] = set()
        self.old: dict[tuple[str, str], FakeVoter] = {}
        self.loss = self.repeat = self.tail = 0.0
        self.mending: set[str] = set()
        self.left = self.values = 0
        rules, choose = self.rules, self.random.choice
        self.keys, self.reading, self.removing = choose(rules.keys), choose(rules.reading), choose(rules.removing)
        self.thinking, self.fault_every = choose(rules.thinking), choose(rules.fault_every)

    def run(self, operations: int) -> list[str]:
        """Let the clients do `operations` in all; the violations of all keys."""
        self.left = operations
        while self._events and self.left > -len(self.clients):
            self.now, _, act, arguments = heapq.heappop(self._events)
            act(*arguments)
        return [sentence for history in self.histories.values() for sentence in history.violations()]

    def at(self, after: int, act: Callable[..., None], *arguments: Any) -> None:
        """Do something `after` microseconds."""
        self._sequence += 1
        heapq.heappush(self._events, (self.now + after, self._sequence, act, arguments))

    def clock(self, skew: int) -> int:
        """The calendar of somebody whose clock is off by `skew`."""
        return NOON + self.now + skew

    def send(
        self,
        node: Node,
        region: str,
        serve: Callable[[FakeVoter, int], Any],
        heard: Callable[[Any], None],
        lost: Callable[[], None],
    ) -> None:
        """One request and its answer; `lost` is told after 300 ms where either is lost at once."""
        copies = 2 if self.random.random() < self.repeat else 1
        arrived = False
        for _ in range(copies):
            if (node.name, region) in self.cut or self.random.random() < self.loss:
                continue
            arrived = True
            self.at(self._delay(node.region, region), self._arrive, node, region, serve, heard)
        if not arrived:
            self.at(300 * MS, lost)

    def _arrive(
        self, node: Node, region: str, serve: Callable[[FakeVoter, int], Any], heard: Callable[[Any], None]
    ) -> None:
        """At the server: it may be paused (then the request waits in its socket), replaced, cut off on the way back."""
        if self.paused[region] > self.now:
            self.at(self.paused[region] - self.now, self._arrive, node, region, serve, heard)
            return
        voter = self.old.get((node.name, region)) or self.stores[region]
        answer = serve(voter, self.clock(self.skews[region]))
        if (node.name, region) not in self.cut and self.random.random() >= self.loss:
            self.at(self._delay(region, node.region), self._back, node, heard, answer)

    def _back(self, node: Node, heard: Callable[[Any], None], answer: Any) -> None:
        if node.paused_until > self.now:
            self.at(node.paused_until - self.now, self._back, node, heard, answer)
        else:
            heard(answer)

    def _delay(self, one: str, other: str) -> int:
        delay = self.delays[one, other] * self.random.uniform(0.9, 1.3)
        if self.random.random() < self.tail:
            delay *= self.random.uniform(2, 60)
        return int(delay)

    def _skew(self) -> int:
        return self.random.randint(-SKEW, SKEW)
