"""Reads through the cache: what the application asks of a cache client, and how its answer is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from controlplane.domain.tier import Tier

Value = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """A value and where it came from: `hit`, `miss`, `stale` and the like, for the access log."""

    value: Value
    status: str


class Reader(Protocol):
    """The regional cache as the application sees it. Neither method raises for a fault of the cache itself."""

    async def get_or_load(
        self, key: str, load: Callable[[], Awaitable[Value]], *, tier: Tier, tags: Iterable[str]
    ) -> Seen:
        """The cached value, or what `load` gives; whatever `load` raises is raised."""
        ...

    async def expire(self, tags: Iterable[str]) -> None:
        """Soft purge: entries with one of the tags may only be served as stale from now on."""
        ...


class Uncached:
    """No cache at all: every read loads."""

    async def get_or_load(
        self, key: str, load: Callable[[], Awaitable[Value]], *, tier: Tier, tags: Iterable[str]
    ) -> Seen:
        """Loads."""
        return Seen(await load(), "bypass")

    async def expire(self, tags: Iterable[str]) -> None:
        """Nothing is kept, so nothing is forgotten."""
