"""A CDN as purging sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class PurgeHandle:
    """A purge that a CDN has accepted: which CDN, and its ids there (empty: complete on acceptance)."""

    edge: str
    ids: tuple[str, ...]


class Cdn(Protocol):
    """One CDN. Raises `Unavailable` (safe to retry: purging twice does no harm)."""

    @property
    def edge(self) -> str:
        """`cloudfront` or `cloudflare`."""
        ...

    def purge(self, tags: Sequence[str], *, soft: bool, reference: str) -> PurgeHandle:
        """Make every POP forget what carries one of `tags` (soft: mark it stale where the CDN can).

        Idempotent by `reference`. Returns when the CDN accepted it.
        """
        ...

    def is_complete(self, handle: PurgeHandle) -> bool:
        """Whether the CDN says that every POP has done it."""
        ...
