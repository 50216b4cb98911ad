"""The cache: one call through memory, Redis and a loader."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable
from datetime import timedelta
from types import TracebackType
from typing import Any, TypeVar, cast, overload

from controlplane.cache.barriers import Barriers
from controlplane.cache.coding import Coding
from controlplane.cache.entry import Read, Status, all_tags
from controlplane.cache.follow import Follower
from controlplane.cache.judged import JudgedMemory
from controlplane.cache.load import Loader
from controlplane.cache.memory import Memory
from controlplane.cache.parts import Parts, Terms
from controlplane.cache.reader import Reader
from controlplane.cache.receipt import Receipt
from controlplane.cache.serializers import Serializers
from controlplane.cache.settings import Settings
from controlplane.cache.shared import SharedTier
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import Kind, Position, Purge
from controlplane.domain.tags import CacheTag, is_only_erasable, key_tag
from controlplane.domain.tier import Tier
from controlplane.ports.clock import Clock
from controlplane.ports.debts import Debts
from controlplane.ports.purge_log import PurgeLog
from controlplane.ports.second_tier import SecondTier
from controlplane.ports.serializer import Serializer
from controlplane.ports.windows import Windows

T = TypeVar("T")
D = TypeVar("D")


class Cache:
    """A process's cache, for one event loop. It owns `second` and `log`: closing it closes them.

    Use it as `async with Cache(...) as cache`, or `await cache.open()` and `await cache.aclose()`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        log: PurgeLog,
        clock: Clock,
        second: SecondTier | None = None,
        windows: Windows | None = None,
        serializer: Serializer | None = None,
        debts: Debts | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.stats = Stats()
        self.member = self.settings.member or f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._log = log
        self._clock = clock
        self._second = second
        self._memory = Memory(self.settings.max_entries, self.settings.max_bytes)
        self._barriers = Barriers()
        self._follower = Follower(log, self._barriers, clock, self.member, self.settings, self.stats, debts)
        coding = Coding(
            Serializers(serializer),
            compress_above=self.settings.compress_above,
            longest=self.settings.max_value_bytes,
            copy=self.settings.copy,
        )
        self._shared = SharedTier(second, self._follower, clock, self.settings, self.stats, coding) if second else None
        parts = Parts(
            self.settings,
            clock,
            self._memory,
            self._barriers,
            self._follower,
            self._shared,
            windows,
            self.stats,
            coding,
        )
        self._judged = JudgedMemory(parts)
        self._reader = Reader(parts, self._judged)

    async def __aenter__(self) -> Cache:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def open(self) -> None:
        """Connect and follow the purge log, for at most `start_timeout`.

        Never raises: what is down now heals behind the reads.
        """
        if self._second is not None:
            await self._second.open()
        await self._follower.start()

    async def aclose(self) -> None:
        """Wait for loads and fills under way (at most `drain_timeout` each), forget everything, leave, close."""
        await self._reader.drain()
        self._memory.clear()
        if self._shared is not None:
            await self._shared.aclose()
        await self._follower.stop()
        self._follower.owing.close()
        await self._log.aclose()

    async def get_or_load(
        self,
        key: str,
        load: Loader[T],
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] = (),
        fresh: timedelta | None = None,
        stale: timedelta | None = None,
        as_type: type[T] | None = None,
    ) -> T:
        """The value of `key`: a hit, or what `load(context)` returns, or a stale copy where the loader fails or is
        slow.

        `fresh` and `stale` default to the tier's. `as_type` decodes values that come from Redis (a msgspec.Struct, for
        example); without it they come back as dicts, lists, texts and numbers. Raises what the loader raised where no
        copy may be served, Unavailable when it took longer than `hard_timeout`, BadInput for a wrong tag.
        """
        entry = self._judged.hit(key)
        if entry is not None:
            self.stats.hits += 1
            return cast(T, entry.value if entry.thaw is None else entry.own())
        read = await self._reader.read(key, load, self._terms(key, tier, tags, fresh, stale, as_type))
        return cast(T, read.value)

    async def read(
        self,
        key: str,
        load: Loader[T] | None = None,
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] = (),
        fresh: timedelta | None = None,
        stale: timedelta | None = None,
        as_type: type[T] | None = None,
    ) -> Read[T]:
        """As `get_or_load`, and how the answer came about. Without a loader: memory and Redis only, possibly a miss."""
        return await self._reader.read(key, load, self._terms(key, tier, tags, fresh, stale, as_type))

    @overload
    async def get(self, key: str, default: None = None, *, as_type: type[T]) -> T | None: ...
    @overload
    async def get(self, key: str, default: Any = None, *, as_type: None = None) -> Any: ...
    @overload
    async def get(self, key: str, default: D, *, as_type: type[T]) -> T | D: ...
    async def get(self, key: str, default: Any = None, *, as_type: type[Any] | None = None) -> Any:
        """The value if memory or Redis has a hit, else `default`; a stale value is no hit (ask `read` for it)."""
        entry = self._judged.hit(key)
        if entry is not None:
            self.stats.hits += 1
            return entry.own()
        read = await self._reader.read(key, None, self._terms(key, Tier.MEDIUM, (), None, None, as_type))
        return read.value if read.status is Status.HIT else default

    def peek(self, key: str, default: Any = None) -> Any:
        """The value if memory has a hit, else `default`. Waits for nothing."""
        entry = self._judged.hit(key)
        return default if entry is None else entry.own()

    @property
    def position(self) -> Position:
        """What this process has applied of the purge log."""
        return self._barriers.position

    @property
    def sees_log(self) -> bool:
        """Whether the last applied heartbeat is young enough for hits from memory."""
        return self._clock.monotonic() <= self._follower.blind_at

    async def expire(self, *keys: str, tags: Iterable[str] = ()) -> Purge:
        """Soft purge: from now on these values are stale (served only where nothing better comes in time).

        Acts here at once and in every connected process within a second. When the log cannot be reached, it is `owed`:
        kept in the folder for that and delivered later; without such a folder that raises Unavailable (the purge may or
        may not have happened; call again). Raises BadInput without a key or tag or for a wrong one.
        """
        return await self._purge(keys, tags, Kind.SOFT)

    async def remove(self, *keys: str, tags: Iterable[str] = ()) -> Receipt:
        """Hard purge: the values are never served again. Acts here at once; `await receipt.complete()` for everywhere.

        Raises as `expire` does.
        """
        wanted = tuple(tags)
        purge = await self._purge(keys, wanted, Kind.HARD)
        if self._shared is not None and keys and not purge.owed:
            await self._shared.bury(keys, purge.position)
        only_erasable = not keys and is_only_erasable(wanted)
        blind_max = self.settings.blind_max_erasable if only_erasable else self.settings.blind_max
        return Receipt(purge, self._log, self._clock, blind_max, self._follower.placed)

    async def _purge(self, keys: Iterable[str], tags: Iterable[str], kind: Kind) -> Purge:
        """Append, and act here before anybody else hears of it."""
        wanted = (*(CacheTag(tag) for tag in tags), *(key_tag(self.settings.namespace, key) for key in keys))
        return await self._follower.owing.purge(wanted, kind)

    def _terms(
        self,
        key: str,
        tier: Tier,
        tags: Iterable[str],
        fresh: timedelta | None,
        stale: timedelta | None,
        as_type: type[Any] | None,
    ) -> Terms:
        """One call's terms, its tags checked."""
        own = tuple(tags)
        return Terms(tier, own, all_tags(self.settings.namespace, key, own), fresh, stale, as_type)
