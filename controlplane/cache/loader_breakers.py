"""A breaker for what loaders ask: while a service fails, its loads fail at once instead of waiting for it each time.

Loads of all keys whose calls name the same `loader` count together. Where a copy may be served, a load that is not
tried costs its caller nothing but freshness.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any

from controlplane.cache.breaker import Breaker
from controlplane.cache.load import Load, Loader, called
from controlplane.cache.options import Policy
from controlplane.cache.stats import Stats
from controlplane.errors import BadInput, Unavailable
from controlplane.ports.clock import Clock

_log = logging.getLogger("wedcache.cache.loaders")
# Names beyond that would be keys, not services: the oldest is forgotten, as if it had just answered.
_MOST = 1_000


class LoaderBreakers:
    """Calls loaders, those with a name behind that name's breaker."""

    def __init__(self, clock: Clock, stats: Stats) -> None:
        self._monotonic = clock.monotonic
        self._stats = stats
        self._known: dict[tuple[str, int, float], Breaker] = {}

    def called(self, load: Loader[Any], context: Load, policy: Policy) -> Awaitable[Any]:
        """What the loader answers, as `load.called`; awaited, raises Unavailable at once while its breaker is open."""
        if policy.loader:
            return self._guarded(load, context, policy)
        self._stats.loads += 1
        return called(load, context, policy.hard_timeout)

    async def _guarded(self, load: Loader[Any], context: Load, policy: Policy) -> Any:
        """One load with a ticket. What the caller did wrong (BadInput) says nothing about the service."""
        breaker = self._breaker(policy)
        ticket = breaker.admit(self._monotonic())
        if not ticket:
            self._stats.loads_refused += 1
            raise Unavailable(
                f"loading {context.key!r} was not tried: loads of {policy.loader!r} failed {policy.loader_failures} "
                "times in a row",
                next_step=f"See why they fail; one load is tried every {policy.loader_rest:g} s.",
            )
        self._stats.loads += 1
        try:
            value = await called(load, context, policy.hard_timeout)
        except BadInput:
            breaker.abandoned(ticket)
            raise
        except Exception:
            self._failed(breaker, ticket, policy)
            raise
        except BaseException:
            breaker.abandoned(ticket)
            raise
        breaker.succeeded(ticket)
        return value

    def _failed(self, breaker: Breaker, ticket: int, policy: Policy) -> None:
        opened = breaker.opened
        breaker.failed(ticket, self._monotonic())
        if breaker.opened > opened:
            self._stats.loader_breaks += 1
            _log.warning("loads of %r fail: none is tried for %g s", policy.loader, policy.loader_rest)

    def _breaker(self, policy: Policy) -> Breaker:
        """The one of this name with these numbers. A probe that hangs is over when its load must be."""
        name = (policy.loader, policy.loader_failures, policy.loader_rest)
        breaker = self._known.get(name)
        if breaker is None:
            if len(self._known) >= _MOST:
                del self._known[next(iter(self._known))]
            rest = policy.loader_rest
            breaker = self._known[name] = Breaker(
                failures=policy.loader_failures, rest=rest, longest_rest=rest, patience=policy.hard_timeout
            )
        return breaker
