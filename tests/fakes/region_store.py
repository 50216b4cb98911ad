"""A region's store of records in memory: the rules of the real one's scripts, over a time that is an argument."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from controlplane.domain.record import (
    MAX_DELIVERY_US,
    MAX_FAST_US,
    NO_STANDING,
    Change,
    Record,
    Refusal,
    Reply,
    Standing,
    State,
    Told,
    Verb,
    merged,
    name_of,
    partition_of,
)
from controlplane.errors import Unavailable

PAGE = 100
_TOKENS = itertools.count()


@dataclass
class FakeVoter:
    """One region's voter in one partition; every answer is of one moment. `now`: the server's clock, microseconds."""

    region: str
    max_delivery: int = MAX_DELIVERY_US
    standing: Standing = NO_STANDING
    records: dict[str, Record] = field(default_factory=dict)
    stones: dict[str, int] = field(default_factory=dict)
    forgotten: dict[str, Record] = field(default_factory=dict)
    token: str = ""

    def look(self, name: str) -> Reply:
        return Reply(self.standing, self.records.get(name) if self._takes else None)

    def apply(self, name: str, record: Record, begun: int, now: int) -> Reply:
        if not self._takes:
            return Reply(self.standing)
        if record.stamp.hlc > now + MAX_FAST_US:
            return Reply(self.standing, refusal=Refusal.UNSAFE_CLOCK)
        if begun + self.max_delivery // 2 < now:
            return Reply(self.standing, refusal=Refusal.LATE)
        self._forget(now)
        self._take(name, record, now)
        return Reply(self.standing, self.records[name])

    def page(self, cursor: str) -> Told:
        names = sorted(name for name in self.records if cursor == "0" or f">{name}" > cursor)
        part = tuple((name, self.records[name]) for name in names[:PAGE])
        return Told(self.standing, True, f">{names[PAGE - 1]}" if len(names) > PAGE else "0", part)

    def absorb(self, n: int, records: Sequence[tuple[str, Record]], begun: int, now: int) -> Told:
        is_ours = self.standing.state is State.CATCHING and self.standing.incarnation == n
        if not is_ours or begun + self.max_delivery // 2 < now:
            return Told(self.standing, False)
        for name, record in records:
            self._take(name, record, now)
        return Told(self.standing)

    def stand(self, change: Change) -> Told:
        state, own, view = self.standing
        done, token = change.verb is Verb.LOOK, ""
        if change.verb is Verb.FOUND:
            done = state is State.LOST and not self.records and not own
            if done:
                self.standing = Standing(State.FOUNDING, 1, dict(change.view))
                self.token = f"begun {next(_TOKENS)}"
            token = self.token if self.standing.state is State.FOUNDING else ""
        elif change.verb is Verb.OPEN:
            done = state is State.FOUNDING and change.token == self.token
            if done:
                self.standing = Standing(State.VOTING, 1, view)
        elif change.verb is Verb.REGISTER:
            done = state is State.VOTING and change.n > view.get(change.region, 0)
            if done:
                self.standing = Standing(state, own, {**view, change.region: change.n})
        elif change.verb is Verb.BEGIN:
            done = change.n > own
            if done:
                if not self._takes:
                    self.records.clear()
                    self.stones.clear()
                self.standing = Standing(State.CATCHING, change.n, merged(view, change.view))
                self.token = token = f"begun {next(_TOKENS)}"
        elif change.verb is Verb.FINISH:
            done = state is State.CATCHING and change.n == own and change.token == self.token
            if done:
                self.standing = Standing(State.VOTING, own, merged(view, change.view))
        return Told(self.standing, done, token=token)

    def lose(self) -> None:
        """Lose all memory, as FLUSHALL does."""
        self.standing = NO_STANDING
        self.records.clear()
        self.stones.clear()

    def roll_back(self, records: dict[str, Record]) -> None:
        """Come back from an old snapshot: records of then, and a head of another run, which counts for nothing."""
        self.lose()
        self.records.update(records)

    @property
    def _takes(self) -> bool:
        return self.standing.state in (State.VOTING, State.CATCHING)

    def _take(self, name: str, record: Record, now: int) -> None:
        known = self.records.get(name)
        if known is not None and (
            known.stamp > record.stamp or (known.stamp == record.stamp and (known.settled or not record.settled))
        ):
            return
        self.records[name] = record
        if record.settled:
            self.stones[name] = now + self.max_delivery

    def _forget(self, now: int) -> None:
        for name in [name for name, until in self.stones.items() if until <= now]:
            del self.stones[name]
            if self.records[name].settled:
                self.forgotten[name] = self.records.pop(name)


@dataclass
class FakeRegionStore:
    """`RegionStore` over fake voters; `is_cut` answers nothing."""

    region: str
    clock: Callable[[], int]
    is_cut: bool = False
    max_delivery: int = MAX_DELIVERY_US
    voters: dict[int, FakeVoter] = field(default_factory=dict)

    async def look(self, key: str) -> Reply:
        return (await self._voter(partition_of(key))).look(name_of(key))

    async def apply(self, key: str, record: Record, begun: int) -> Reply:
        return (await self._voter(partition_of(key))).apply(name_of(key), record, begun, self.clock())

    async def stand(self, partition: int, change: Change) -> Told:
        return (await self._voter(partition)).stand(change)

    async def page(self, partition: int, cursor: str) -> Told:
        return (await self._voter(partition)).page(cursor)

    async def absorb(self, partition: int, n: int, records: Sequence[tuple[str, Record]], begun: int) -> Told:
        return (await self._voter(partition)).absorb(n, records, begun, self.clock())

    async def aclose(self) -> None:
        return

    async def _voter(self, partition: int) -> FakeVoter:
        await asyncio.sleep(0)
        if self.is_cut:
            raise Unavailable(f"{self.region} is cut off")
        return self.voters.setdefault(partition, FakeVoter(self.region, self.max_delivery))
