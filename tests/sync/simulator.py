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
from functools import partial
from typing import Any

from controlplane.domain.record import Record, Reply, Standing, State
from controlplane.sync.catch_up import Ending, Request, Steps, catch_up
from controlplane.sync.quorum import Ask, Outcome, StrongRead, StrongWrite, settling
from controlplane.sync.stamp import HybridClock
from controlplane.sync.voters import Voters
from tests.fakes.region_store import FakeVoter
from tests.sync.zones import INITIAL, NEVER, History, Read, Write

MS = 1000
SECOND = 1_000_000
SKEW = 250 * MS
DEADLINE = 1 * SECOND
MAX_DELIVERY = 20 * SECOND
NOON = 1_800_000_000 * SECOND
Conversation = StrongWrite | StrongRead


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
        self._values = 0
        rules, choose = self.rules, self.random.choice
        self.keys, self.reading, self.removing = choose(rules.keys), choose(rules.reading), choose(rules.removing)
        self.thinking, self.fault_every = choose(rules.thinking), choose(rules.fault_every)

    def run(self, operations: int) -> list[str]:
        """Let the clients do `operations` in all; the violations of all keys."""
        self.left = operations
        for client in self.clients:
            clock = HybridClock(client.region, client.name)
            self.at(self.random.randint(0, 50 * MS), self._next, client, clock)
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

    def _next(self, client: Node, clock: HybridClock) -> None:
        """One client's next operation."""
        if client.paused_until > self.now:
            self.at(client.paused_until - self.now, self._next, client, clock)
            return
        self.left -= 1
        if self.left < 0:
            return
        key = f"key-{self.random.randrange(self.keys)}"
        begun = self.clock(client.skew)
        dice = self.random.random()
        if dice < self.reading:
            talk = _Talk(self, client, clock, key, begun, self.rules.read(self.voters), None)
        else:
            self._values += 1
            payload = None if self.random.random() < self.removing else self._values.to_bytes(4, "big")
            record = Record(clock.tick(begun), payload)
            talk = _Talk(self, client, clock, key, begun, self.rules.write(self.voters, record), record)
        talk.begin()

    def mend(self, region: str) -> None:
        """The agent of a region brings its voter back, if the network lets it."""
        if region not in self.mending:
            self.mending.add(region)
            _Mending(self, region, catch_up(self.voters, region)).step(None, first=True)


class _Talk:
    """One client's conversation, until it is done or its time is over; what comes later is still heard."""

    def __init__(
        self,
        world: World,
        client: Node,
        clock: HybridClock,
        key: str,
        begun: int,
        machine: Conversation,
        record: Record | None,
    ) -> None:
        self.world, self.client, self.clock, self.key, self.begun = world, client, clock, key, begun
        self.machine, self.record = machine, record
        self.start = world.now
        self.is_over = self.is_settled = False

    def begin(self) -> None:
        self.world.at(DEADLINE, self._late)
        self._ask(self.machine.start())

    def _ask(self, asks: list[Ask]) -> None:
        for ask in asks:
            heard, lost = partial(self._heard, ask), partial(self._lost, ask)
            self.world.send(self.client, ask.region, self._serve(ask), heard, lost)

    def _serve(self, ask: Ask) -> Callable[[FakeVoter, int], Reply]:
        key, record, begun = self.key, ask.record, self.begun
        if record is None:
            return lambda voter, _: voter.look(key)
        return lambda voter, now: voter.apply(key, record, begun, now)

    def _heard(self, ask: Ask, reply: Reply) -> None:
        if reply.record is not None:
            self.clock.observe(reply.record.stamp)
        self._ask(self.machine.hear(ask.region, reply))
        self._after()

    def _lost(self, ask: Ask) -> None:
        self._ask(self.machine.miss(ask))
        self._after()

    def _late(self) -> None:
        if self.client.paused_until > self.world.now:
            self.world.at(self.client.paused_until - self.world.now, self._late)
            return
        self.machine.give_up()
        self._after()

    def _after(self) -> None:
        machine, world = self.machine, self.world
        if machine.is_done and not self.is_over:
            self.is_over = True
            history = world.histories[self.key]
            if isinstance(machine, StrongRead):
                self._read(machine, history)
            elif machine.outcome is not None and self.record is not None:
                world.counts[machine.outcome.value] += 1
                end = world.now if machine.outcome in (Outcome.ACCEPTED, Outcome.SUPERSEDED) else NEVER
                is_sure = machine.outcome is Outcome.ACCEPTED
                is_void = machine.outcome is Outcome.UNSAFE_CLOCK
                history.writes.append(Write(self.record.stamp, self.start, end, is_sure, is_void))
            world.at(world.random.randint(0, world.thinking), world._next, self.client, self.clock)
        if (
            isinstance(machine, StrongWrite)
            and self.record is not None
            and self.record.payload is None
            and not self.is_settled
            and machine.is_everywhere
        ):
            self.is_settled = True
            for ask in settling(world.voters, self.record):
                world.send(self.client, ask.region, self._serve(ask), lambda _: None, lambda: None)
            world.counts["settled"] += 1

    def _read(self, machine: StrongRead, history: History) -> None:
        if machine.is_failed:
            self.world.counts["failed reads"] += 1
            return
        self.world.counts["reads"] += 1
        value = machine.record.stamp if machine.record is not None else INITIAL
        if machine.record is None:
            # A removal that every voter had and may forget: nothing else was there in between.
            gone = [
                voter.forgotten[self.key].stamp for voter in self.world.stores.values() if self.key in voter.forgotten
            ]
            value = max(gone, default=INITIAL)
        history.reads.append(Read(value, self.start, self.world.now))


class _Mending:
    """One run of the catch-up over the same network; a step that is not answered within 500 ms was not made."""

    def __init__(self, world: World, region: str, steps: Steps) -> None:
        self.world, self.region, self.steps = world, region, steps
        self.node = world.agents[region]
        self.begun = world.clock(self.node.skew)
        self.waiting = 0

    def step(self, told: Any, *, first: bool = False) -> None:
        self.waiting += 1
        number = self.waiting
        try:
            request = next(self.steps) if first else self.steps.send(told)
        except StopIteration as ended:
            self.world.mending.discard(self.region)
            ending: Ending = ended.value
            self.world.counts[f"mending {ending.value}"] += 1
            return

        def once(told: Any) -> None:
            if self.waiting == number:
                self.step(told)

        self.world.at(500 * MS, once, None)
        self.world.send(self.node, request.region, self._serve(request), once, lambda: None)

    def _serve(self, request: Request) -> Callable[[FakeVoter, int], Any]:
        if request.change is not None:
            change = request.change
            return lambda voter, _: voter.stand(change)
        if request.cursor:
            return lambda voter, _: voter.page(request.cursor)
        return lambda voter, now: voter.absorb(request.n, request.records, self.begun, now)
