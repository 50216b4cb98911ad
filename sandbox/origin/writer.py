"""Writes: the home region writes both regions, then acknowledges.

Acknowledged means: 2 of 2 regions hold it. With the other region marked down the home region acknowledges alone and
counts `single`; with the other region silent and not marked down the write fails and nothing is acknowledged.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from sandbox.origin.held import HeldWrites, Write
from sandbox.origin.role import Role, Roles


class Outcome(enum.Enum):
    """What the asker is told. Only the first two are a yes."""

    DOUBLE = "double"
    SINGLE = "single"
    REFUSED = "refused"
    FENCED = "fenced"
    RECOVERING = "recovering"
    BUSY = "busy"


@dataclass(frozen=True)
class Answer:
    """`held`: regions that hold the write (0 where it was not acknowledged); `repeated`: it was acknowledged before."""

    outcome: Outcome
    write_id: str
    held: int = 0
    repeated: bool = False


@dataclass(frozen=True)
class Told:
    """What the other region said: whether it holds the writes, the highest role that it knows, and what it owes us."""

    held: bool
    role: Role
    owed: int = 0


class Peer(Protocol):
    """The other region's origin. Both methods give None when it does not answer in time."""

    region: str

    async def apply(self, writes: Iterable[Write], role: Role, *, owed: bool = False) -> Told | None:
        """Have it hold the writes; it refuses (held=False) under a lower epoch than its own. Idempotent."""
        ...

    async def ask_role(self, role: Role) -> Told | None:
        """Tell it our role, which it takes if it is newer, and ask for the highest role that it knows."""
        ...


class Writer:
    """Takes writes while this region is home. `applied` is called with each write whose effect is new here."""

    def __init__(self, held: HeldWrites, roles: Roles, peer: Peer, applied: Callable[[Write], Awaitable[None]]) -> None:
        self.counts: Counter[str] = Counter({outcome.value: 0 for outcome in Outcome})
        self._held = held
        self._roles = roles
        self._peer = peer
        self._applied = applied
        self._busy: set[str] = set()
        self._settled = -1

    async def take(self, write_id: str, kind: str, payload: dict[str, Any]) -> Answer:
        """Write both regions, or one if the other is marked down. Safe to repeat with the same id."""
        if write_id in self._busy:
            return self._count(Answer(Outcome.BUSY, write_id))
        known = self._held.state(write_id)
        if known is not None and known.acknowledged:
            outcome = Outcome.DOUBLE if known.acknowledged > 1 else Outcome.SINGLE
            return Answer(outcome, write_id, known.acknowledged, repeated=True)
        self._busy.add(write_id)
        try:
            return self._count(await self._take(write_id, kind, payload))
        finally:
            self._busy.discard(write_id)

    async def settle(self) -> bool:
        """Make sure of our role before the first write under it: False while it may be history, or while the other
        region owes us writes that it acknowledged alone.

        The other region learns our role by being asked, so that two regions never say yes under different epochs.
        """
        role = self._roles.current
        if not self._roles.recovering and (
            role.epoch == self._settled or role.home == self._peer.region or self._peer.region in role.down
        ):
            return True
        told = await self._peer.ask_role(role)
        if told is None:
            return not self._roles.recovering
        self._roles.learn(told.role)
        self._roles.confirm()
        now = self._roles.current
        self._held.seen_epoch(now.epoch)
        if now.home != self._peer.region and told.owed:
            return False
        self._settled = now.epoch
        return True

    def unsettled(self, write_id: str) -> Answer:
        """The answer while `settle` says no."""
        return self._count(Answer(Outcome.RECOVERING, write_id))

    async def catch_up(self) -> None:
        """What a region does by itself twice a second: learn who is home after a sleep, deliver what it owes."""
        if self._roles.recovering:
            await self.settle()
        await self.pay()

    async def pay(self) -> int:
        """Deliver a batch of what the other region missed while it was marked down; how many writes it took."""
        role = self._roles.current
        if self._peer.region in role.down or self._roles.recovering:
            return 0
        owed = self._held.owed()
        if not owed:
            return 0
        told = await self._peer.apply(owed, role, owed=True)
        if told is None:
            return 0
        self._roles.learn(told.role)
        if not told.held:
            return 0
        self._held.paid(write.id for write in owed)
        return len(owed)

    async def _take(self, write_id: str, kind: str, payload: dict[str, Any], *, again: bool = False) -> Answer:
        if self._roles.recovering:
            return Answer(Outcome.RECOVERING, write_id)
        role = self._roles.current
        self._held.seen_epoch(role.epoch)
        write = self._held.prepare(write_id, kind, payload, role.epoch)
        if self._peer.region in role.down:
            return await self._alone(write)
        told = await self._peer.apply([write], role)
        if told is not None and told.held:
            self._held.hold(write, acknowledged=2)
            await self._applied(write)
            return Answer(Outcome.DOUBLE, write_id, 2)
        if told is None and self._marked_down_meanwhile(role):
            return await self._alone(write)
        self._held.refuse(write_id)
        if told is None:
            return Answer(Outcome.REFUSED, write_id)
        self._roles.learn(told.role)
        if not again and told.role.epoch > role.epoch and told.role.home == role.home:
            # We are still home, under an epoch that the other region heard of first.
            return await self._take(write_id, kind, payload, again=True)
        return Answer(Outcome.FENCED, write_id)

    def _marked_down_meanwhile(self, before: Role) -> bool:
        now = self._roles.current
        return self._peer.region in now.down and now.home == before.home and not self._roles.recovering

    async def _alone(self, write: Write) -> Answer:
        self._held.hold(write, acknowledged=1, owed=True)
        await self._applied(write)
        return Answer(Outcome.SINGLE, write.id, 1)

    def _count(self, answer: Answer) -> Answer:
        self.counts[answer.outcome.value] += 1
        return answer
