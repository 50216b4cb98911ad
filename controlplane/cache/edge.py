"""The edge as a tier: values that are public by declaration, read as any visitor would, after Redis, before the loader.

Nothing that a CDN says is taken on trust. Its copy is used only if the origin told when its load began
(`X-Wedcache-Born`), if that was after the last purge of its tags here, if no purge of them is younger than 60 s (a CDN
takes a while to purge everywhere), and while this process hears the purge log. Everything else is a miss.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, replace

from controlplane.cache.breaker import Breaker
from controlplane.cache.entry import Entry
from controlplane.cache.keeping import Keeping
from controlplane.cache.load import Load
from controlplane.cache.parts import Parts, Terms
from controlplane.cache.serializers import Json, MsgPack, Raw
from controlplane.domain.http_caching import BORN, STATUS, TAGS, directives, parsed_status
from controlplane.domain.tags import CacheTag, is_erasable
from controlplane.errors import BadInput
from controlplane.ports.edge_reader import EdgeAnswer, EdgeReader, answers_edge
from controlplane.ports.serializer import Serializer

QUIET_AFTER_PURGE = 60.0
# Two processes' ideas of the log's time differ by half a round trip each, at most.
_SLACK = 1.0
_FORMATS: dict[str, Serializer] = {
    "application/json": Json(),
    "application/msgpack": MsgPack(),
    "application/vnd.msgpack": MsgPack(),
}
_RAW = Raw()


@dataclass(frozen=True, slots=True)
class EdgeCopy:
    """What an answer says of itself, in seconds: log time of its load's beginning, age now, for how long it is fresh
    from then; and the tags that its origin gave it.
    """

    born: float
    age: float
    fresh: float
    tags: tuple[str, ...]


def copy_of(answer: EdgeAnswer, now: float) -> EdgeCopy | None:
    """Judge an answer at log time `now` (unix seconds): a fresh public copy with an honest age, or None. Pure."""
    headers = answer.headers
    said = directives(headers.get("cache-control"))
    packed = headers.get("content-encoding", "identity").strip().lower() != "identity"
    if answer.status != 200 or packed or "set-cookie" in headers or said.keys() & {"private", "no-store", "no-cache"}:
        return None
    if any(cache.is_stale for cache in parsed_status(headers.get(STATUS.lower()))):
        return None
    born, waited = _number(headers.get(BORN.lower())), _number(headers.get("age", "0"))
    lifetime = _number(said.get("s-maxage", said.get("max-age")))
    if born is None or waited is None or lifetime is None or born > now + _SLACK:
        return None
    age = max(waited, now - born, 0.0)
    # What the origin allows counts from its answer, which the CDN got `waited` seconds ago.
    fresh = age + lifetime - waited
    try:
        tags = tuple(CacheTag(tag.strip()) for tag in headers.get(TAGS.lower(), "").split(",") if tag.strip())
    except BadInput:
        return None
    return EdgeCopy(born, age, fresh, tags) if lifetime > waited and not is_erasable(tags) else None


class EdgeTier:
    """Reads through the edge for calls that declare their value public. Never raises for what the edge does."""

    def __init__(self, reader: EdgeReader, parts: Parts, keeping: Keeping) -> None:
        self.breaker = Breaker(longest_rest=30.0)
        self._reader = reader
        self._keeping = keeping
        self._monotonic = parts.clock.monotonic
        self._barriers = parts.barriers
        self._follower = parts.follower
        self._stats = parts.stats
        self._spans = parts.spans
        self._epoch = ""
        self._quiet_until = -math.inf

    async def fetch(self, key: str, terms: Terms) -> Entry | None:
        """The edge's copy of `key`, kept in memory and Redis as if it had been loaded; None for a miss of any kind."""
        began, as_of, offset = self._monotonic(), self._barriers.position, self._follower.offset
        if offset is None or not self._may_read(terms.tags, began):
            return None
        answer = await self._ask(key, began)
        copy = copy_of(answer, self._monotonic() + offset) if answer is not None else None
        if answer is None or copy is None or not self._is_after_purges(copy, (*terms.tags, *copy.tags), began, offset):
            self._stats.edge_misses += answer is not None
            return None
        serializer = _FORMATS.get(answer.headers.get("content-type", "").partition(";")[0].strip().lower(), _RAW)
        try:
            value = serializer.decode(answer.body, terms.as_type)
        except Exception:
            # Whatever a decoder makes of bytes that are not of the asked type.
            self._stats.mistyped += 1
            return None
        started = self._monotonic() - copy.age
        fresh = min(terms.policy.fresh, copy.fresh)
        if copy.age >= fresh:
            self._stats.edge_misses += 1
            return None
        made = self._keeping.make(value, terms, as_of, started, Load(key, ttl=fresh, tags=list(copy.tags)))
        if not self._keeping.store(key, replace(made, since=began), terms.policy):
            return None
        self._stats.edge_hits += 1
        return made.entry

    async def aclose(self) -> None:
        """Close the reader."""
        await self._reader.aclose()

    def _may_read(self, tags: tuple[str, ...], now: float) -> bool:
        """Not for a request that came through the edge, nor blind, nor soon after a purge of these tags."""
        if answers_edge.get():
            self._stats.edge_loops += 1
            return False
        epoch = self._barriers.position.epoch
        if epoch != self._epoch:
            # A log that began anew may have lost purges that no barrier tells of.
            self._quiet_until = now + QUIET_AFTER_PURGE if self._epoch else -math.inf
            self._epoch = epoch
        if now > self._follower.blind_at or now < self._quiet_until:
            return False
        return now - self._barriers.raised_at(tags) >= QUIET_AFTER_PURGE

    async def _ask(self, key: str, now: float) -> EdgeAnswer | None:
        """One read; every failure is counted, reported to the breaker and answered by None."""
        ticket = self.breaker.admit(now)
        if not ticket:
            return None
        try:
            with self._spans.within("edge", key) if self._spans else contextlib.nullcontext():
                answer = await self._reader.fetch(key)
        except Exception:
            self._stats.edge_failures += 1
            self.breaker.failed(ticket, self._monotonic())
            return None
        except BaseException:
            self.breaker.abandoned(ticket)
            raise
        if answer is None:
            self.breaker.abandoned(ticket)
        elif answer.status >= 500:
            self.breaker.failed(ticket, self._monotonic())
        else:
            self.breaker.succeeded(ticket)
        return answer

    def _is_after_purges(self, copy: EdgeCopy, tags: tuple[str, ...], began: float, offset: float) -> bool:
        """Whether the copy's load began after every purge of its tags that this process knows of, with a margin."""
        raised = self._barriers.raised_at(tags)
        return began - raised >= QUIET_AFTER_PURGE and copy.born > raised + offset + _SLACK


def _number(text: str | None) -> float | None:
    """A plain number of seconds, not negative; None for anything else."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
