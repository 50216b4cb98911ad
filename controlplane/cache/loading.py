"""Loading: one flight per key and process: the second tier, then the loader.

What a load brings is kept only if no purge of its tags came since it began.
"""

from __future__ import annotations

import contextlib
from collections.abc import Container
from typing import Any, NamedTuple

from controlplane.cache.barriers import Standing
from controlplane.cache.edge import EdgeTier
from controlplane.cache.entry import Entry, own_tags_of
from controlplane.cache.flight import Flight, Flights
from controlplane.cache.freshness import State
from controlplane.cache.judged import JudgedMemory
from controlplane.cache.keeping import Keeping
from controlplane.cache.load import NOT_MODIFIED, JointLoad, Load, Loader
from controlplane.cache.loader_breakers import LoaderBreakers
from controlplane.cache.lock import Turns
from controlplane.cache.options import Policy
from controlplane.cache.parts import Parts, Terms
from controlplane.cache.shared import SharedTier
from controlplane.domain.purge_log import Position
from controlplane.domain.tier import Tier
from controlplane.ports.edge_reader import answers_edge


class Landing(NamedTuple):
    """What a flight brought, from which tier, and whether what was loaded was stored.

    `answers` is False for a stale copy, with which to go on.
    """

    entry: Entry
    tier: str
    answers: bool = True
    stored: bool | None = None


async def _nothing(key: str, as_type: type[Any] | None) -> Entry | None:
    """What a tier answers that there is not."""
    return None


class Loading:
    """Flights under way (`flying`: those that new callers may join), and what becomes of their values."""

    def __init__(
        self, parts: Parts, judged: JudgedMemory, keeping: Keeping, turns: Turns, edge: EdgeTier | None
    ) -> None:
        self._settings = parts.settings
        self._monotonic = parts.clock.monotonic
        self._memory = parts.memory
        self._barriers = parts.barriers
        self._shared = parts.shared
        self._stats = parts.stats
        self._hooks = parts.hooks
        self._judged = judged
        self._keeping = keeping
        self._turns = turns
        self._breakers = LoaderBreakers(parts.clock, parts.stats)
        self._edge = edge
        self._spans = parts.spans
        self.ask = _nothing if parts.shared is None else parts.shared.fetch
        self._follower = parts.follower
        self._asking: Container[str] = () if parts.shared is None else parts.shared.asking
        self._entries = parts.memory.entries
        self._askers = {
            tier: policy
            for tier, policy in parts.settings.policies().plain.items()
            if parts.shared is not None and policy.uses_second and policy.uses_memory
        }
        self._flights: Flights[Landing] = Flights()
        self.flying = self._flights.flying
        self._fetches: Flights[Entry | None] = Flights()

    def may_board(self, flight: Flight[Landing]) -> bool:
        """Whether anybody without a copy may join this flight of `flying` unseen: no purge came since."""
        if not flight.bare or flight.generation != self._barriers.generation:
            return False
        return self._edge is None or not answers_edge.get()

    def joinable(self, key: str, terms: Terms) -> Flight[Landing] | None:
        """The flight under way for `key`, unless it began before a purge that we have applied."""
        flight = self._flights.get(terms.flight_name(key, edge=self._edge is not None))
        if flight is None:
            return None
        generation = self._barriers.generation
        if flight.generation != generation:
            if self._barriers.standing(terms.tags, flight.as_of) is not Standing.VALID:
                return None
            flight.generation = generation
        return flight

    def join(
        self, key: str, load: Loader[Any], terms: Terms, copy: Entry | None, *, bare: bool, fetch: bool = True
    ) -> Flight[Landing]:
        """The flight under way, or a new one. `copy`: what there is of old; `bare`: it may not be served."""
        flight = self.joinable(key, terms)
        if flight is not None:
            self._stats.joined += 1
            return flight
        barriers = self._barriers
        flight = self._flights.start(
            terms.flight_name(key, edge=self._edge is not None),
            lambda flight: self._fly(flight, key, load, terms, copy, fetch=fetch),
            barriers.position,
            barriers.generation,
            bare=bare and not terms.policy.skip,
        )
        if isinstance(load, JointLoad):
            load.started(flight.task)
        return flight

    async def fetch(self, key: str, terms: Terms) -> Entry | None:
        """The second tier's entry, put into memory if it may ever be served; one fetch per key at a time."""
        shared = self._shared
        if shared is None or not terms.policy.uses_second:
            return None
        flight = self._fetches.get(key)
        if flight is None:
            barriers = self._barriers
            flight = self._fetches.start(
                key, lambda _: self._fetched(shared, key, terms), barriers.position, barriers.generation
            )
        return await flight.result()

    def may_ask(self, key: str, tier: Tier) -> Policy | None:
        """The policy of a plain call without a copy that may `ask` the second tier by itself, where a flight would cost
        more than the look: nobody does so for this key already. Others who come meanwhile take a flight; leaving harms
        none of them.
        """
        if key in self._asking or key in self._entries:
            return None
        return self._askers.get(tier)

    def welcome(self, key: str, entry: Entry, policy: Policy) -> bool:
        """Keep what the second tier had, unless it may never be served; whether it is a hit."""
        now = self._monotonic()
        # What was just found valid and is fresh needs no judge.
        is_hit = entry.mark[0] == self._barriers.generation and entry.fresh_until > now <= self._follower.blind_at
        if not is_hit:
            state = self._judged.weigh(entry, now).state
            if state is State.DEAD:
                return False
            is_hit = state is State.HIT
        if policy.is_cut:
            entry.fresh_until = self._keeping.answers_until(entry, policy)
        self._memory.put(key, entry)
        return is_hit

    async def drain(self) -> None:
        """Wait for loads and fetches under way, at most the drain time each."""
        await self._flights.drain(self._settings.drain_timeout)
        await self._fetches.drain(self._settings.drain_timeout)

    async def _fly(
        self,
        flight: Flight[Landing],
        key: str,
        load: Loader[Any],
        terms: Terms,
        copy: Entry | None,
        *,
        fetch: bool,
    ) -> Landing:
        """The second tier's hit; or its stale copy where the waiters have none; or what the loader brings."""
        if fetch and self._shared is not None and terms.policy.uses_second:
            found = await self._fetched(self._shared, key, terms)
            if found is not None:
                state = self._judged.judge(key, found, self._monotonic()).state
                # For a refresh ahead of its time, what we have already is no answer.
                if state is State.HIT and (copy is None or found.outlasts(copy)):
                    return Landing(found, "redis")
                if state is State.STALE and flight.bare:
                    return Landing(found, "redis", answers=False)
                copy = found if copy is None or found.is_newer_than(copy) else copy

        async def land() -> Landing:
            if self._edge is not None and terms.policy.uses_edge:
                public = await self._edge.fetch(key, terms)
                if public is not None:
                    return Landing(public, "edge")
            flight.as_of, flight.generation = self._barriers.position, self._barriers.generation
            return await self._load(key, load, terms, copy, flight.as_of)

        shared = self._shared
        if shared is None or not terms.policy.uses_second:
            return await land()
        return await self._turns.run(
            key,
            terms.policy.tier,
            look=lambda: self._newer(shared, key, terms, copy),
            load=land,
            filled=shared.filled,
        )

    async def _newer(self, shared: SharedTier, key: str, terms: Terms, copy: Entry | None) -> Landing | None:
        """The second tier's hit if another process has loaded since `copy` was."""
        found = await self._fetched(shared, key, terms)
        if found is None or (copy is not None and not found.is_newer_than(copy)):
            return None
        is_hit = self._judged.judge(key, found, self._monotonic()).state is State.HIT
        return Landing(found, "redis") if is_hit else None

    async def _fetched(self, shared: SharedTier, key: str, terms: Terms) -> Entry | None:
        """What the second tier has, unless it may never be served; memory keeps the newer one."""
        entry = await shared.fetch(key, terms.as_type)
        if entry is None or self._judged.judge(key, entry, self._monotonic()).state is State.DEAD:
            return None
        entry.fresh_until = self._keeping.answers_until(entry, terms.policy)
        if terms.policy.uses_memory:
            self._memory.put(key, entry)
        return entry

    async def _load(self, key: str, load: Loader[Any], terms: Terms, copy: Entry | None, as_of: Position) -> Landing:
        """Call the loader, and keep what it brings unless a purge came since it began."""
        started = self._monotonic()
        context = Load(key, None if copy is None else copy.own(), has_previous=copy is not None)
        try:
            with self._spans.within("load", key) if self._spans else contextlib.nullcontext():
                value = await self._breakers.called(load, context, terms.policy)
        except Exception as error:
            self._failed(key, copy, terms, error)
            raise
        if value is NOT_MODIFIED and copy is not None:
            value = copy.own()
            context.tags.extend(own_tags_of(copy.tags))
        made = self._keeping.make(value, terms, as_of, started, context)
        return Landing(made.entry, "loader", stored=self._keeping.store(key, made, terms.policy))

    def _failed(self, key: str, copy: Entry | None, terms: Terms, error: Exception) -> None:
        """Count a failed load; refresh no copy again before the throttle has passed."""
        self._stats.load_failures += 1
        self._hooks.refresh_failed(key, error)
        retry_at = self._monotonic() + terms.policy.throttle
        for known in (copy, self._memory.get(key)):
            if known is not None:
                known.retry_at = retry_at
