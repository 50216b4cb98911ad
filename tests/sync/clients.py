"""Who lives in the simulated world: clients that hold one conversation after the other, and agents that mend."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from controlplane.domain.record import Record, Reply
from controlplane.sync.catch_up import Ending, Request, Steps, catch_up
from controlplane.sync.quorum import Ask, Outcome, StrongRead, StrongWrite, settling
from controlplane.sync.stamp import HybridClock
from tests.fakes.region_store import FakeVoter
from tests.sync.simulator import DEADLINE, MS, Node, World
from tests.sync.zones import INITIAL, NEVER, History, Read, Write


class Client:
    """One client: strong writes, removals and reads, one after the other."""

    def __init__(self, world: World, node: Node) -> None:
        self.world, self.node = world, node
        self.clock = HybridClock(node.region, node.name)

    def next(self) -> None:
        """The next operation, unless all are done."""
        world, node = self.world, self.node
        if node.paused_until > world.now:
            world.at(node.paused_until - world.now, self.next)
            return
        world.left -= 1
        if world.left < 0:
            return
        key = f"key-{world.random.randrange(world.keys)}"
        begun = world.clock(node.skew)
        if world.random.random() < world.reading:
            _Talk(self, key, begun, world.rules.read(world.voters), None).begin()
            return
        world.values += 1
        payload = None if world.random.random() < world.removing else world.values.to_bytes(4, "big")
        record = Record(self.clock.tick(begun), payload)
        _Talk(self, key, begun, world.rules.write(world.voters, record), record).begin()


def mend(world: World, region: str) -> None:
    """The agent of a region brings its voter back, if the network lets it."""
    if region not in world.mending:
        world.mending.add(region)
        _Mending(world, region, catch_up(world.voters, region)).step(None, first=True)


class _Talk:
    """One client's conversation, until it is done or its time is over; what comes later is still heard."""

    def __init__(
        self, client: Client, key: str, begun: int, machine: StrongWrite | StrongRead, record: Record | None
    ) -> None:
        self.client, self.world, self.key, self.begun = client, client.world, key, begun
        self.machine, self.record = machine, record
        self.start = self.world.now
        self.is_over = self.is_settled = self.is_repeated = False

    def begin(self) -> None:
        self.world.at(DEADLINE, self._late)
        self._ask(self.machine.start())

    def _ask(self, asks: list[Ask]) -> None:
        # TCP repeats nothing by itself; where this network does, what was refused may come again and be taken.
        self.is_repeated |= self.world.repeat > 0
        for ask in asks:
            heard, lost = partial(self._heard, ask), partial(self._lost, ask)
            self.world.send(self.client.node, ask.region, self._serve(ask), heard, lost)

    def _serve(self, ask: Ask) -> Callable[[FakeVoter, int], Reply]:
        key, record, begun = self.key, ask.record, self.begun
        if record is None:
            return lambda voter, _: voter.look(key)
        return lambda voter, now: voter.apply(key, record, begun, now)

    def _heard(self, ask: Ask, reply: Reply) -> None:
        if reply.record is not None:
            self.client.clock.observe(reply.record.stamp)
        self._ask(self.machine.hear(ask.region, reply))
        self._after()

    def _lost(self, ask: Ask) -> None:
        self._ask(self.machine.miss(ask))
        self._after()

    def _late(self) -> None:
        if self.client.node.paused_until > self.world.now:
            self.world.at(self.client.node.paused_until - self.world.now, self._late)
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
                is_void = machine.outcome is Outcome.UNSAFE_CLOCK and not self.is_repeated
                history.writes.append(Write(self.record.stamp, self.start, end, is_sure, is_void))
            world.at(world.random.randint(0, world.thinking), self.client.next)
        if isinstance(machine, StrongWrite) and machine.is_everywhere and not self.is_settled:
            self._settle()

    def _settle(self) -> None:
        """A removal that every voter has: tell them."""
        self.is_settled = True
        if self.record is not None and self.record.payload is None:
            for ask in settling(self.world.voters, self.record):
                self.world.send(self.client.node, ask.region, self._serve(ask), lambda _: None, lambda: None)
            self.world.counts["settled"] += 1

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
