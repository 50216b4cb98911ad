"""Reading through the edge: values that are public by declaration, as any visitor would get them from a CDN."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

# True while a request is answered that itself came through the edge: an edge lets all who ask for one object wait for
# one answer, so whoever reads through it then would wait for himself.
answers_edge: ContextVar[bool] = ContextVar("wedcache_answers_edge", default=False)


@dataclass(frozen=True, slots=True)
class EdgeAnswer:
    """What the edge answered: status, headers (names in lower case), the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class EdgeReader(Protocol):
    """GETs of public addresses. Says who it is (`CDN-Loop: wedcache`), sends no credentials, follows no redirects."""

    async def fetch(self, key: str) -> EdgeAnswer | None:
        """The edge's answer to the address of `key`, whole, within the reader's time limit; None: it has no address.

        Raises Unavailable when none came in time, or one that is too large.
        """
        ...

    async def aclose(self) -> None:
        """Close connections; never raises."""
        ...
