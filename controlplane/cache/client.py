"""The cache: one call through memory, Redis and a loader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar, Unpack, cast, overload

from controlplane.cache import home, many, writing
from controlplane.cache.blocking import Blocking
from controlplane.cache.decorate import Decorating
from controlplane.cache.engine import Engine, Given, Ports
from controlplane.cache.entry import Entry, Read, Status, all_tags
from controlplane.cache.explain import Explanation, explain
from controlplane.cache.hooks import Hooks
from controlplane.cache.hot_keys import SAMPLE_MASK, HotKeys
from controlplane.cache.load import Loader, required
from controlplane.cache.many import BulkLoader, Many
from controlplane.cache.options import CallOptions
from controlplane.cache.parts import Terms
from controlplane.cache.receipt import Receipt
from controlplane.cache.settings import Settings
from controlplane.cache.stats import Stats
from controlplane.domain.purge_log import Kind, Position, Purge
from controlplane.domain.tier import Tier

T = TypeVar("T")
D = TypeVar("D")


class Cache:
    """A process's cache. It owns what it is given (see `Given`): closing it closes the log and the tiers.

    Use it as `async with Cache(...) as cache`, or `await cache.open()` and `await cache.aclose()`; a cache that was not
    opened opens at the first miss. It lives in the event loop that opened it; calls from other loops are handed over
    (their loaders run in the caller's loop), threads use `blocking`, and a forked child begins anew. `hooks` tell what
    happened, `stats` count it, `hot` samples keys.
    """

    def __init__(self, settings: Settings | None = None, **given: Unpack[Given]) -> None:
        self.settings = settings or Settings()
        self.stats = Stats()
        self.hooks = Hooks(self.stats)
        self.hot = HotKeys()
        self.blocking = Blocking(self)
        decorating = Decorating(self)
        self.cached, self.purges = decorating.cached, decorating.purges
        self._policies = self.settings.policies()
        self.skips_memory = self._policies.skips_memory
        self._home = home.Home(Engine(self.settings, Ports(**given), self.stats, self.hooks), self._take)

    def _take(self, engine: Engine, hit: Callable[[str], Entry | None], here: asyncio.AbstractEventLoop | None) -> None:
        """Work with this engine from now on; calls in the loop `here` need nothing else."""
        self._engine, self._here = engine, here
        self.hit = hit
        # The method is for misses, and while the cache is off; before it, something that makes no further call.
        slow = Cache.peek.__get__(self)
        object.__setattr__(self, "peek", engine.judged.values(slow) if hit is engine.judged.hit else slow)
        loading = engine.loading
        self._flight_of, self._may_board = loading.flying.get, loading.may_board
        self._may_ask, self._ask, self._welcome = loading.may_ask, loading.ask, loading.welcome
        self._follower, self._memory, self._second = engine.follower, engine.memory, engine.ports.second

    async def __aenter__(self) -> Cache:
        await self.open()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.aclose()

    async def open(self) -> None:
        """Connect and follow the purge log, for at most `start_timeout`. Where it is open already, this does nothing.

        What is down now heals behind the reads. Raises Refused for a Redis that may evict the purge log (`allkeys-*`).
        """
        await self._home.open()

    async def aclose(self) -> None:
        """Wait for loads and fills under way (at most `drain_timeout` each), forget everything, leave, close.

        From then on reads go to the loader, until it is opened again.
        """
        await self._home.aclose()

    async def get_or_load(
        self,
        key: str,
        load: Loader[T],
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] = (),
        as_type: type[T] | None = None,
        **options: Unpack[CallOptions],
    ) -> T:
        """The value of `key`: a hit, what `load(context)` returns, or a stale copy where the loader fails or is slow.

        `tier` gives the options that the call does not (see `Options`). `as_type` decodes values that come from Redis
        (a msgspec.Struct, for example); without it they come back as dicts, lists, texts and numbers. Raises what the
        loader raised where no copy may be served, Unavailable when it took longer than `hard_timeout`, BadInput for a
        wrong tag or option.
        """
        if not options or not self.skips_memory(options):
            entry = self.hit(key)
            if entry is not None:
                hits = self.stats.hits = self.stats.hits + 1
                if not hits & SAMPLE_MASK:
                    self.hot.note(key)
                value: T = entry.value if entry.thaw is None else entry.own()
                return value
            if not options and asyncio.get_running_loop() is self._here:
                if (flight := self._flight_of(key)) is not None and self._may_board(flight):
                    self.stats.joined += 1
                    if (landing := await flight.seat() or await flight.result()).answers:
                        entry = landing.entry
                        value = entry.value if entry.thaw is None else entry.own()
                        return value  # noqa: RET504  (a `cast` would be a call more for each of a crowd)
                elif (policy := self._may_ask(key, tier)) is not None:
                    entry = await self._ask(key, as_type)
                    if entry is not None and self._welcome(key, entry, policy):
                        self.stats.redis_hits += 1
                        value = entry.value if entry.thaw is None else entry.own()
                        return value  # noqa: RET504  (as above)
                    terms = self._terms(key, tier, tags, as_type, options)
                    return cast(T, (await self._engine.reader.read(key, required(load), terms, fetch=False)).value)
        return cast(T, (await self._read(key, required(load), self._terms(key, tier, tags, as_type, options))).value)

    async def read(
        self,
        key: str,
        load: Loader[T] | None = None,
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] = (),
        as_type: type[T] | None = None,
        **options: Unpack[CallOptions],
    ) -> Read[T]:
        """As `get_or_load`, and how the answer came about. Without a loader: memory and Redis only, possibly a miss."""
        return await self._read(key, load, self._terms(key, tier, tags, as_type, options))

    @overload
    async def get(self, key: str, default: None = None, *, as_type: type[T]) -> T | None: ...
    @overload
    async def get(self, key: str, default: Any = None, *, as_type: None = None) -> Any: ...
    @overload
    async def get(self, key: str, default: D, *, as_type: type[T]) -> T | D: ...
    async def get(self, key: str, default: Any = None, *, as_type: type[Any] | None = None) -> Any:
        """The value if memory or Redis has a hit, else `default`; a stale value is no hit (ask `read` for it)."""
        if (entry := self.hit(key)) is not None:
            self.stats.hits += 1
            return entry.own()
        read = await self._read(key, None, self._terms(key, Tier.MEDIUM, (), as_type, {}))
        return read.value if read.status is Status.HIT else default

    def peek(self, key: str, default: Any = None) -> Any:
        """The value if memory has a hit, else `default`. Waits for nothing, from any thread."""
        entry = self.hit(key) or self._home.peek(key)
        return default if entry is None else entry.own()

    async def get_many_or_load(
        self,
        keys: Iterable[str],
        load: BulkLoader[T],
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] | Callable[[str], Iterable[str]] = (),
        as_type: type[T] | None = None,
        **options: Unpack[CallOptions],
    ) -> Many[T]:
        """The values of several keys: hits, and what one `load(missing keys)` returns for the others.

        Redis is asked in one round trip (of at most 128 keys each); keys that somebody else is loading are waited for.
        A key that the loader leaves out is None; one for which it returns an exception has failed alone. `tags` are for
        all keys, or a function of the key. Raises BadInput for a wrong tag or option, nothing for a failed load: that
        is in the answer (`Many.failed`), unless a copy may be served.
        """
        tags_of = tags if callable(tags) else many.always(tuple(tags))
        terms = {key: self._terms(key, tier, tags_of(key), as_type, options) for key in keys}
        return await self._home.run(
            lambda bring: many.get_or_load(self._engine.reader, terms, bring(load)),
            around=lambda: many.direct(terms, load),
        )

    async def put(
        self,
        key: str,
        value: object,
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] = (),
        since: Position | None = None,
        **options: Unpack[CallOptions],
    ) -> bool:
        """Store a value that you have; what other processes hold under the key is expired first. Whether it was kept.

        It is not when a purge of its tags came after `since`: take `cache.position` before you read the value from its
        source, and a purge in between wins. Raises as `expire` does, and BadInput for a wrong option.
        """
        return bool(await self.put_many({key: value}, tier=tier, tags=tags, since=since, **options))

    async def put_many(
        self,
        values: Mapping[str, object],
        *,
        tier: Tier = Tier.MEDIUM,
        tags: Iterable[str] | Callable[[str], Iterable[str]] = (),
        since: Position | None = None,
        **options: Unpack[CallOptions],
    ) -> int:
        """As `put`, for several, with one append to the purge log; how many were kept."""
        tags_of = tags if callable(tags) else many.always(tuple(tags))
        terms = {key: self._terms(key, tier, tags_of(key), None, options) for key in values}
        return await self._home.run(lambda _: writing.put(self._engine, values, terms, since), around=writing.nothing)

    async def touch(self, key: str, *, tier: Tier = Tier.MEDIUM, **options: Unpack[CallOptions]) -> bool:
        """Let the value at hand be fresh for its whole time from now (or for `fresh`); False if there is none.

        Purged values cannot be revived by it.
        """
        terms = self._terms(key, tier, (), None, options)
        return bool(
            await self._home.run(
                lambda _: writing.touch(self._engine, key, terms, renews_fresh="fresh" in options),
                around=writing.nothing,
            )
        )

    async def expire(self, *keys: str, tags: Iterable[str] = ()) -> Purge:
        """Soft purge: from now on these values are stale (served only where nothing better comes in time).

        Acts here at once and in every connected process within a second. When the log cannot be reached, it is `owed`:
        kept in the folder for that and delivered later; without such a folder that raises Unavailable (the purge may or
        may not have happened; call again). Raises BadInput without a key or tag or for a wrong one.
        """
        wanted = tuple(tags)
        return await self._home.run(lambda _: self._engine.purges.expire(keys, wanted))

    async def remove(self, *keys: str, tags: Iterable[str] = ()) -> Receipt:
        """Hard purge: the values are never served again. Acts here at once; `await receipt.complete()` for everywhere.

        Raises as `expire` does.
        """
        wanted = tuple(tags)
        return await self._home.run(lambda _: self._engine.purges.remove(keys, wanted))

    async def clear(self, *, soft: bool = False) -> Receipt:
        """Purge everything of this namespace, in every process and tier of the region. Raises as `expire` does."""
        return await self._home.run(lambda _: self._engine.purges.clear(Kind.SOFT if soft else Kind.HARD))

    async def explain(self, key: str) -> Explanation:
        """What each tier knows of `key` and what would become of a read, with reasons; never the value."""
        return await self._home.run(lambda _: explain(self._engine, key))

    def disabled(self) -> AbstractContextManager[None]:
        """Within this context (this task and those that it starts) every read goes to the loader; nothing is stored.

        Purges still act.
        """
        return self._home.disabled()

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The event loop in which it lives; None while it is not open."""
        return self._home.loop

    @property
    def member(self) -> str:
        """The name under which this process confirms purges."""
        return self._engine.member

    @property
    def position(self) -> Position:
        """What this process has applied of the purge log."""
        return self._engine.barriers.position

    @property
    def log_time(self) -> float | None:
        """The purge log's time in unix seconds; None before it was first heard."""
        return self._follower.log_time

    @property
    def sees_log(self) -> bool:
        """Whether the last applied heartbeat is young enough for hits from memory."""
        return self._engine.ports.clock.monotonic() <= self._follower.blind_at

    async def _read(self, key: str, load: Loader[Any] | None, terms: Terms) -> Read[Any]:
        """Through the reader, in the cache's own loop."""
        if asyncio.get_running_loop() is self._here:
            return await self._engine.reader.read(key, load, terms)
        return await self._home.run(
            lambda bring: self._engine.reader.read(key, load and bring(load), terms),
            around=lambda: home.direct(key, load, terms),
        )

    def _terms(
        self, key: str, tier: Tier, tags: Iterable[str], as_type: type[Any] | None, options: CallOptions
    ) -> Terms:
        """One call's terms, its tags and options checked."""
        own = tuple(tags)
        return Terms(self._policies.of(tier, options), own, all_tags(self.settings.namespace, key, own), as_type)
