"""Steering: which regions a load balancer sends traffic to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class PoolState:
    """A region's pool: whether it is enabled, and whether the vendor's monitors find it healthy (None: unknown)."""

    region: str
    enabled: bool
    healthy: bool | None


class Steering(Protocol):
    """The load balancer's pools by region. Raises `Unavailable`."""

    def pools(self) -> list[PoolState]:
        """Every region's pool."""
        ...

    def set_enabled(self, region: str, *, enabled: bool) -> None:
        """Enable or disable a region's pool. Idempotent; reads back what it did.

        Raises Refused for a region without a pool, VerificationFailed if it does not read back.
        """
        ...
