"""What goes wrong in the simulated world: one fault after the other, each counted, each healed after a while."""

from __future__ import annotations

from collections.abc import Callable

from controlplane.domain.record import State
from tests.sync.clients import Client, mend
from tests.sync.simulator import MS, SECOND, Rules, World


class Trouble:
    """The faults of one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = world.random

    def begin(self) -> None:
        """From now on, for ever."""
        self._soon(self._strike, self._world.fault_every)
        self._world.at(SECOND, self._snapshot)
        self._world.at(100 * MS, self._mend)

    def _soon(self, act: Callable[[], None], mean: float) -> None:
        self._world.at(int(self._random.expovariate(1 / mean) * SECOND), act)

    def _strike(self) -> None:
        kinds = (
            self._cut,
            self._pause_voter,
            self._pause_client,
            self._weather,
            self._step_clock,
            self._lose,
            self._lose,
            self._replace,
        )
        kind = self._random.choice(kinds)
        if kind():
            self._world.counts[kind.__name__.strip("_")] += 1
        self._soon(self._strike, self._world.fault_every)

    def _cut(self) -> bool:
        world = self._world
        regions = self._random.sample(world.voters.regions, self._random.randint(1, len(world.voters.regions) - 1))
        nodes = [node.name for node in (*world.clients, *world.agents.values()) if self._random.random() < 0.6]
        links = {(node, region) for node in nodes for region in regions}
        world.cut |= links
        world.at(self._random.randint(200 * MS, 3 * SECOND), world.cut.difference_update, links)
        return bool(links)

    def _pause_voter(self) -> bool:
        region = self._random.choice(world_regions(self._world))
        self._world.paused[region] = self._world.now + self._random.randint(50 * MS, 3 * SECOND)
        return True

    def _pause_client(self) -> bool:
        node = self._random.choice([*self._world.clients, *self._world.agents.values()])
        node.paused_until = self._world.now + self._random.randint(50 * MS, 3 * SECOND)
        return True

    def _weather(self) -> bool:
        world = self._world
        world.loss, world.repeat, world.tail = (self._random.choice((0.0, 0.02, 0.2)) for _ in range(3))
        return bool(world.loss + world.repeat + world.tail)

    def _step_clock(self) -> bool:
        # Now and then a clock is so wrong that its stamps are refused, or come seconds too late.
        world, most = self._world, self._random.choice((250 * MS, 250 * MS, 250 * MS, 3 * SECOND))
        skew = self._random.randint(-most, most)
        node = self._random.choice([*world.clients, None])
        if node is None:
            world.skews[self._random.choice(world_regions(world))] = skew
        else:
            node.skew = skew
        return True

    def _lose(self) -> bool:
        """Emptied, or back from an old snapshot."""
        region = self._may_lose()
        if region is None:
            return False
        if self._random.random() < 0.5:
            self._world.stores[region].lose()
        else:
            self._world.stores[region].roll_back(self._world.snapshots[region])
        return True

    def _replace(self) -> bool:
        """Another server under the same name; the old one still answers some for a while."""
        world, region = self._world, self._may_lose()
        if region is None:
            return False
        old, new = world.stores[region], world.rules.voter(region)
        new.roll_back(self._random.choice((dict(old.records), world.snapshots[region], {})))
        new.forgotten = dict(old.forgotten)
        world.stores[region] = new
        for node in (*world.clients, *world.agents.values()):
            if self._random.random() < 0.5:
                world.old[node.name, region] = old
                world.at(self._random.randint(50 * MS, 4 * SECOND), self._retire, (node.name, region))
        return True

    def _retire(self, link: tuple[str, str]) -> None:
        """The old server no longer answers there."""
        self._world.old.pop(link, None)

    def _may_lose(self) -> str | None:
        """A region whose loss leaves a majority of the others that remember; nothing comes back from less."""
        world = self._world
        region = self._random.choice(world_regions(world))
        others = [name for name in world.stores if name != region and world.stores[name].standing.state is State.VOTING]
        return region if world.voters.remember_without(region, others) else None

    def _snapshot(self) -> None:
        region = self._random.choice(world_regions(self._world))
        self._world.snapshots[region] = dict(self._world.stores[region].records)
        self._soon(self._snapshot, 3.0)

    def _mend(self) -> None:
        """Agents look after their voters, now and then."""
        mend(self._world, self._random.choice(world_regions(self._world)))
        self._soon(self._mend, 0.3)


def world_regions(world: World) -> tuple[str, ...]:
    """The voters' regions."""
    return world.voters.regions


def played(rules: Rules, seed: int, operations: int) -> tuple[World, list[str]]:
    """A whole run: the world at its end, and why its histories are not linearizable (nothing, if they are)."""
    world = World(rules, seed)
    for node in world.clients:
        world.at(world.random.randint(0, 50 * MS), Client(world, node).next)
    Trouble(world).begin()
    return world, world.run(operations)
