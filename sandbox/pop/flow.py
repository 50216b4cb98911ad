"""The way of a request through the cache: look, decide, fetch once for many, keep, serve stale.

Vendor-neutral. What a vendor adds (key, policy, how the origin is asked) comes in an `Ask`; its headers are put on by
the caller, which reads `Outcome.result`.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from sandbox.pop.decide import Caching, NotCached, Verdict, decide, may_serve_on_error, store
from sandbox.pop.entries import Entries, Entry
from sandbox.pop.messages import Headers, Request, Response


class Result(enum.Enum):
    """How an answer came about; the access log's `cache` field."""

    HIT = "hit"
    MISS = "miss"  # fetched and kept
    EXPIRED = "expired"  # an expired copy was replaced by a new one
    REVALIDATED = "revalidated"  # the origin said that the expired copy is still good
    UPDATING = "updating"  # stale, while a new copy is fetched
    STALE = "stale"  # expired, in place of an origin that fails
    UNCACHED = "uncached"  # fetched for a cacheable request, not allowed to be kept
    PASS = "pass"  # the cache was not asked
    GENERATED = "generated"  # made at the edge, by its function or as a refusal


@dataclass(frozen=True)
class Fetched:
    """An origin's answer, or the one made for its failure (`failure`: connect, timeout, read, resolve; else None)."""

    response: Response
    origin: str | None = None
    milliseconds: float = 0.0
    failure: str | None = None


@dataclass(frozen=True)
class Ask:
    """A request with what its vendor's policy made of it.

    `fetch` takes the validators to add; `retry_after` tells for how long an origin that failed with a status rests.
    """

    request: Request
    key: str
    scope: str
    target: str
    policy: Caching
    fetch: Callable[[Headers], Awaitable[Fetched]]
    retry_after: Callable[[int], float] = lambda status: 0.0


@dataclass(frozen=True)
class Outcome:
    """The answer before the vendor's headers. `age` in whole seconds where it came from the cache."""

    response: Response
    result: Result
    age: int | None = None
    fetched: Fetched | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Landed:
    """What one fetch brought, shared by all who waited for it."""

    outcome: Outcome
    shareable: bool


class Flow:
    """One POP's cache with its fetches under way. `clock` returns calendar seconds."""

    def __init__(self, entries: Entries, clock: Callable[[], float]) -> None:
        self.entries = entries
        self._clock = clock
        self._under_way: dict[tuple[str, int], asyncio.Task[_Landed]] = {}

    async def answer(self, ask: Ask) -> Outcome:
        """Serve one request. Never raises for an origin's failure: that is an answer too."""
        now = self._clock()
        entry = self.entries.get(ask.key) if ask.policy.enabled else None
        verdict = decide(ask.request, entry, ask.policy, now)
        if verdict is Verdict.PASS:
            fetched = await ask.fetch(Headers())
            return Outcome(fetched.response, Result.PASS, fetched=fetched)
        if entry is not None and verdict is Verdict.HIT:
            return _from_cache(entry, Result.HIT, now)
        if entry is not None and verdict is Verdict.STALE:
            self._fetch(ask, entry)
            return _from_cache(entry, Result.UPDATING, now)
        if entry is not None and verdict is Verdict.HELD:
            return _from_cache(entry, Result.STALE, now)
        return await self._from_origin(ask, entry)

    async def close(self) -> None:
        """Give up the fetches that are under way."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _from_origin(self, ask: Ask, entry: Entry | None) -> Outcome:
        """Wait for a fetch; one that others began serves this request too if its answer was kept."""
        if ask.request.method != "GET":
            return (await self._land(ask, entry)).outcome
        began = (ask.key, self.entries.purged) not in self._under_way
        landed = await asyncio.shield(self._fetch(ask, entry))
        if began or landed.shareable:
            return landed.outcome
        return (await self._land(ask, self.entries.get(ask.key))).outcome

    def _fetch(self, ask: Ask, entry: Entry | None) -> asyncio.Task[_Landed]:
        """The fetch of this key that is under way, begun now if there is none since the last purge."""
        slot = (ask.key, self.entries.purged)
        task = self._under_way.get(slot)
        if task is None:
            # A viewer's HEAD must not fill the cache, and the fetch behind a stale answer is always for the body.
            whole = replace(ask, request=replace(ask.request, method="GET")) if ask.request.method == "HEAD" else ask
            task = asyncio.create_task(self._land(whole, entry))
            self._under_way[slot] = task
            task.add_done_callback(lambda _: self._under_way.pop(slot, None))
        return task

    async def _land(self, ask: Ask, entry: Entry | None) -> _Landed:
        """Ask the origin and keep what may be kept."""
        since = self.entries.purged
        fetched = await ask.fetch(_validators(entry))
        now = self._clock()
        if entry is not None and fetched.response.status == 304:
            return self._renewed(ask, entry, fetched, since, now)
        if entry is not None and fetched.response.status >= 500 and may_serve_on_error(entry, now):
            self._hold(entry, now + ask.retry_after(fetched.response.status))
            return _Landed(_from_cache(entry, Result.STALE, now, fetched), shareable=True)
        kept = self._keep(ask, fetched.response, since, now)
        if isinstance(kept, NotCached):
            outcome = Outcome(fetched.response, Result.UNCACHED, fetched=fetched, reason=kept.reason)
            return _Landed(outcome, shareable=False)
        result = Result.MISS if entry is None else Result.EXPIRED
        return _Landed(Outcome(kept.response, result, fetched=fetched), shareable=True)

    def _hold(self, entry: Entry, until: float) -> None:
        """Leave a failing origin alone for a moment, where the vendor does that (no stale-if-error was sent)."""
        if entry.sie is None and self.entries.get(entry.key) is entry:
            self.entries.replace(replace(entry, retry_at=until))

    def _renewed(self, ask: Ask, entry: Entry, fetched: Fetched, since: int, now: float) -> _Landed:
        """The origin confirmed the copy: it counts as stored now, under the headers that came with the confirmation."""
        fresh = {name for name, _ in fetched.response.headers} - {"content-length"}
        headers = Headers(
            (*entry.response.headers.without(*fresh), *fetched.response.headers.without("content-length"))
        )
        kept = self._keep(ask, entry.response.with_headers(headers), since, now)
        response = entry.response if isinstance(kept, NotCached) else kept.response
        outcome = Outcome(response, Result.REVALIDATED, age=0, fetched=fetched)
        return _Landed(outcome, shareable=not isinstance(kept, NotCached))

    def _keep(self, ask: Ask, response: Response, since: int, now: float) -> Entry | NotCached:
        entry = store(ask.request, response, ask.policy, now, key=ask.key, scope=ask.scope, target=ask.target)
        if isinstance(entry, NotCached):
            if ask.request.method == "GET" and response.status < 500:
                self.entries.drop(ask.key)
            return entry
        return self.entries.put(entry, since, now) or NotCached("purged while it was fetched")


def _from_cache(entry: Entry, result: Result, now: float, fetched: Fetched | None = None) -> Outcome:
    return Outcome(entry.response, result, age=max(0, int(now - entry.stored_at)), fetched=fetched)


def _validators(entry: Entry | None) -> Headers:
    """What makes the request conditional on the kept copy (RFC 9110, 13.1)."""
    if entry is None or entry.response.status != 200:
        return Headers()
    rows = []
    for name, condition in (("etag", "if-none-match"), ("last-modified", "if-modified-since")):
        value = entry.response.headers.get(name)
        if value is not None:
            rows.append((condition, value))
    return Headers(tuple(rows))
