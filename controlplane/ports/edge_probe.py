"""Requests through a POP, as a guest would send them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Ask:
    """One GET: the guest's URL, and the POP that it should reach (None: wherever DNS leads).

    `edition`: of the page's editions this one, which guests may not get yet; empty for theirs.
    """

    host: str
    path: str
    edge: str
    pop: str | None = None
    edition: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back. `status` 0 means that nothing did, and `error` says why; `seconds` are real."""

    ask: Ask
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    error: str = ""

    @property
    def cache(self) -> str:
        """HIT, MISS, STALE ... in one vocabulary for both CDNs; empty where the POP did not say.

        A RefreshHit of CloudFront was not fresh when it was asked for: it is no HIT.
        """
        said = self.headers.get("cf-cache-status")
        if said:
            return said.upper()
        text = self.headers.get("x-cache", "")
        known = {"Hit from cloudfront": "HIT", "RefreshHit from cloudfront": "REFRESHED"}
        return known.get(text, "MISS" if text else "")


class EdgeProbe(Protocol):
    """Fetches through POPs. Never raises for an answer that did not come: it is an `Answer` with status 0.

    https only, no redirects followed, only hosts that it was made for.
    """

    def fetch(self, ask: Ask, timeout: float = 5.0) -> Answer:
        """One request, its whole body read."""
        ...

    def fetch_all(self, asks: Iterable[Ask], at_once: int, on_answer: Callable[[Answer], None]) -> None:
        """Many requests, at most `at_once` under way, begun in the order given; `on_answer` sees each as it comes."""
        ...
