"""The engine: all of a cache that belongs to one process and one event loop, built and renewed together."""

from __future__ import annotations

import os
import random
import secrets
import socket
from dataclasses import dataclass, replace
from typing import Any, Required, TypedDict

from controlplane.cache.barriers import Barriers
from controlplane.cache.coding import Coding
from controlplane.cache.edge import EdgeTier
from controlplane.cache.follow import Follower
from controlplane.cache.hooks import Hooks
from controlplane.cache.judged import JudgedMemory
from controlplane.cache.keeping import Keeping
from controlplane.cache.loading import Loading
from controlplane.cache.lock import Turns
from controlplane.cache.memory import Memory
from controlplane.cache.parts import Parts
from controlplane.cache.purges import Purges
from controlplane.cache.reader import Reader
from controlplane.cache.serializers import Serializers
from controlplane.cache.settings import Settings
from controlplane.cache.shared import SharedTier
from controlplane.cache.stats import Stats
from controlplane.cache.tombstones import Tombstones
from controlplane.ports.clock import Clock
from controlplane.ports.debts import Debts
from controlplane.ports.edge_reader import EdgeReader
from controlplane.ports.load_lock import LoadLock
from controlplane.ports.purge_log import PurgeLog
from controlplane.ports.renewable import Renewable
from controlplane.ports.second_tier import SecondTier
from controlplane.ports.serializer import Serializer
from controlplane.ports.spans import Spans
from controlplane.ports.windows import Windows


class Given(TypedDict, total=False):
    """What a cache is given; only the purge log and the clock must be.

    `second`: Redis; without it, memory and loader alone. `windows`: the calendar of freeze windows. `serializer`: how
    values become bytes (MessagePack). `debts`: where purges that the log cannot take are kept. `lock`: one load across
    processes. `edge`: the CDN as a tier. `spans`: tracing.
    """

    log: Required[PurgeLog]
    clock: Required[Clock]
    second: SecondTier | None
    windows: Windows | None
    serializer: Serializer | None
    debts: Debts | None
    lock: LoadLock | None
    edge: EdgeReader | None
    spans: Spans | None


@dataclass(frozen=True, slots=True)
class Ports:
    """What a cache was given. It owns them: closing it closes them."""

    log: PurgeLog
    clock: Clock
    second: SecondTier | None = None
    windows: Windows | None = None
    serializer: Serializer | None = None
    debts: Debts | None = None
    lock: LoadLock | None = None
    edge: EdgeReader | None = None
    spans: Spans | None = None

    def renewed(self) -> Ports:
        """The same, with connections of their own where they have any."""
        return replace(
            self,
            log=_renewed(self.log),
            second=_renewed(self.second),
            debts=_renewed(self.debts),
            lock=_renewed(self.lock),
            edge=_renewed(self.edge),
        )


class Engine:
    """The parts of a cache, put together."""

    def __init__(self, settings: Settings, ports: Ports, stats: Stats, hooks: Hooks, *, forked: bool = False) -> None:
        self.settings = settings
        self.ports = ports
        self._stats, self._hooks = stats, hooks
        self.member = settings.member or f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        if settings.member and forked:
            # Two living processes must never share a name.
            self.member = f"{settings.member}/{os.getpid()}"
        self.memory = Memory(settings.max_entries, settings.max_bytes, lambda key, _: hooks.evicted(key), stats)
        self.barriers = Barriers()
        self.follower = Follower(ports.log, self.barriers, ports.clock, self.member, settings, stats, ports.debts)
        coding = Coding(
            Serializers(ports.serializer),
            namespace=settings.namespace,
            compress_above=settings.compress_above,
            longest=settings.max_value_bytes,
            longest_life=settings.max_physical_ttl,
            copy=settings.copy,
        )
        second = ports.second
        self.shared = (
            SharedTier(second, self.follower, self.barriers, ports.clock, settings, stats, coding, ports.spans)
            if second
            else None
        )
        self.tombstones = Tombstones(self.shared, settings.namespace) if self.shared else None
        if self.tombstones is not None:
            self.follower.owing.delivered = self.tombstones.delivered
        self.parts = Parts(
            settings,
            ports.clock,
            self.memory,
            self.barriers,
            self.follower,
            self.shared,
            ports.windows,
            stats,
            coding,
            hooks,
            ports.spans,
            random.random,
        )
        self.judged = JudgedMemory(self.parts)
        self.keeping = Keeping(self.parts, self.judged)
        self.turns = Turns(ports.lock, settings, ports.clock, stats)
        self.edge = EdgeTier(ports.edge, self.parts, self.keeping) if ports.edge else None
        self.loading = Loading(self.parts, self.judged, self.keeping, self.turns, self.edge)
        self.reader = Reader(self.parts, self.judged, self.loading)
        self.purges = Purges(self.parts, ports.log)

    async def open(self) -> None:
        """Connect and follow the log, for at most `start_timeout`. Raises Refused for a tier that must not be used."""
        if self.ports.second is not None:
            await self.ports.second.open()
        await self.follower.start()

    async def aclose(self) -> None:
        """Wait for loads and fills under way (at most `drain_timeout` each), forget everything, leave, close."""
        await self.loading.drain()
        self.memory.clear()
        if self.tombstones is not None:
            await self.tombstones.aclose()
        if self.shared is not None:
            await self.shared.aclose()
        await self.follower.stop()
        self.follower.owing.close()
        await self.turns.aclose()
        if self.edge is not None:
            await self.edge.aclose()
        await self._hooks.drain(self.settings.drain_timeout)
        await self.ports.log.aclose()

    def renewed(self, *, forked: bool) -> Engine:
        """An engine with nothing of this one's but settings and counters: empty memory, connections of its own."""
        return Engine(self.settings, self.ports.renewed(), self._stats, self._hooks, forked=forked)


def _renewed(adapter: Any) -> Any:
    """The adapter made once more; what has no connections (a fake) is used again."""
    return adapter.renewed() if isinstance(adapter, Renewable) else adapter
