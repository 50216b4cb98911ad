"""A CDN's cache switches: settings of the whole zone that are on or off."""

from __future__ import annotations

from typing import Protocol


class CacheSwitches(Protocol):
    """Switches by their path below the zone, as the inventory names them. Raises `Unavailable`."""

    def get(self, path: str) -> str:
        """`on` or `off`."""
        ...

    def set(self, path: str, value: str) -> None:
        """Set it; idempotent, reads back what it did. Raises VerificationFailed if it does not read back."""
        ...
