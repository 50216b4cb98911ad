"""Conversations over real stores: the questions of a write or a read become calls, their answers are handed back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from controlplane.domain.record import Record, Reply
from controlplane.errors import Refused, Unavailable
from controlplane.ports.region_store import Voter
from controlplane.sync import coding
from controlplane.sync.quorum import Ask

MOST_AT_ONCE = 512


class Machine(Protocol):
    """`StrongWrite` or `StrongRead`."""

    @property
    def is_done(self) -> bool:
        """Whether the caller may be answered."""
        ...

    def start(self) -> list[Ask]:
        """The first questions."""
        ...

    def hear(self, region: str, reply: Reply) -> list[Ask]:
        """Take an answer; further questions."""
        ...

    def miss(self, ask: Ask) -> list[Ask]:
        """Take a silence; further questions."""
        ...

    def give_up(self) -> None:
        """No time is left."""
        ...


@dataclass
class SyncStats:
    """Plain counters since the start. `silences`: questions without an answer; `crowded`: not asked, because too many
    already waited for that region; `damaged`: answers whose value was not whole (they count as silences)."""

    asked: int = 0
    silences: int = 0
    crowded: int = 0
    damaged: int = 0


class Conversations:
    """All conversations of one process. A caller waits for its own outcome and never longer than `limit` seconds; what
    is under way to slower regions goes on behind."""

    def __init__(self, stores: Mapping[str, Voter], limit: float, observe: Callable[[Record], None]) -> None:
        self.stats = SyncStats()
        self._stores = stores
        self._limit = limit
        self._observe = observe
        self._waiting: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def hold(self, machine: Machine, key: str, begun: int, after: Callable[[], Iterable[Ask]] = tuple) -> None:
        """Until the machine is done, or gives up. When all its questions have ended, those of `after` are put too."""
        over = asyncio.Event()
        held = _Held(machine, key, begun, over, after)
        self._put(held, machine.start())
        try:
            async with asyncio.timeout(self._limit):
                await over.wait()
        except TimeoutError:
            machine.give_up()

    async def aclose(self) -> None:
        """Let what is under way end; every question has a time limit."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _put(self, held: _Held, asks: Iterable[Ask]) -> None:
        """Put questions, each as a task of its own."""
        for ask in asks:
            held.open += 1
            task = asyncio.get_running_loop().create_task(self._ask(held, ask), name="wedcache sync")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, held: _Held, ask: Ask) -> None:
        """One question and what follows from its answer."""
        reply = await self._answer(held, ask)
        if reply is None:
            self.stats.silences += 1
            further = held.machine.miss(ask)
        else:
            if reply.record is not None:
                self._observe(reply.record)
            further = held.machine.hear(ask.region, reply)
        if held.machine.is_done:
            held.over.set()
        self._put(held, further)
        held.open -= 1
        if not held.open:
            after, held.after = held.after, tuple
            self._put(held, after())

    async def _answer(self, held: _Held, ask: Ask) -> Reply | None:
        """The answer, or None for every kind of failure."""
        region, record = ask.region, ask.record
        store = self._stores.get(region)
        if store is None or self._waiting[region] >= MOST_AT_ONCE:
            self.stats.crowded += 1
            return None
        self.stats.asked += 1
        self._waiting[region] += 1
        try:
            async with asyncio.timeout(self._limit):
                if record is None:
                    reply = await store.look(held.key)
                else:
                    reply = await store.apply(held.key, record, held.begun)
        except (Unavailable, Refused, TimeoutError):
            return None
        finally:
            self._waiting[region] -= 1
        if reply.record is not record and not _is_whole(held.key, reply.record):
            self.stats.damaged += 1
            return None
        return reply


@dataclass
class _Held:
    """One conversation: its machine, how many of its questions are open, and what to ask when none is."""

    machine: Machine
    key: str
    begun: int
    over: asyncio.Event
    after: Callable[[], Iterable[Ask]]
    open: int = 0


def _is_whole(key: str, record: Record | None) -> bool:
    """Whether what a voter holds can be trusted."""
    return record is None or record.payload is None or coding.unwrap(key, record.payload) is not None
