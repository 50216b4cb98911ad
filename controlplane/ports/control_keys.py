"""Small documents without a TTL that a region's Redis holds for everyone: calendar, the region's role, takedowns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

CALENDAR = "wc:calendar"
REGION = "wc:region"
DENIED = "wc:denied"


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object and its epoch: a number that only grows, and fences writers that do not know they are late."""

    epoch: int
    body: Mapping[str, Any]


class ControlKeys(Protocol):
    """Documents by name."""

    async def get(self, name: str) -> Document | None:
        """The document, or None where none was ever put. Raises Unavailable."""
        ...

    async def put(self, name: str, document: Document) -> None:
        """Store it, atomically, if its epoch is above the stored one; the same document again is accepted.

        Raises Refused for a lower epoch, or the same epoch with another body (nothing was changed); Unavailable.
        """
        ...
