"""Who is home: the region-role document, followed without ever making a request wait.

The region agent writes `wc:region` to its own region's Redis: {"epoch": n, "home": R, "down": [...], "drain": bool}.
The last document read stays in force while Redis is away. Whoever was stopped and wakes is `recovering`: it
acknowledges nothing before the other region, or a document of a higher epoch, has told it who is home now.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

EVERY = 0.25
ASLEEP = 3.0
ROLE_KEY = "wc:region"


@dataclass(frozen=True)
class Role:
    """One version of the role document; a higher epoch replaces a lower one everywhere."""

    epoch: int
    home: str
    down: tuple[str, ...] = ()
    drain: bool = False


def parse(document: str | bytes | None) -> Role | None:
    """The role in `document`; None where it is missing or damaged, so that the last good one stays in force."""
    if document is None:
        return None
    try:
        read: dict[str, Any] = json.loads(document)
        return Role(int(read["epoch"]), str(read["home"]), tuple(read.get("down", ())), bool(read.get("drain", False)))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


class Roles:
    """What this region believes. `fetch` reads the document and is bounded by its own time-out (at most 100 ms)."""

    def __init__(self, start: Role, fetch: Callable[[], Awaitable[Role | None]]) -> None:
        self._document = start
        self._learned = start
        self._fetch = fetch
        self._beat = time.monotonic()
        self._doubted: int | None = start.epoch

    @property
    def current(self) -> Role:
        """The role of the highest epoch heard of; `drain` is always the own document's."""
        if self._learned.epoch > self._document.epoch:
            return replace(self._learned, drain=self._document.drain)
        return self._document

    @property
    def recovering(self) -> bool:
        """Whether this process just started or slept, so that its role may be history."""
        if time.monotonic() - self._beat > ASLEEP:
            self._doubted = self.current.epoch
            self._beat = time.monotonic()
        if self._doubted is not None and self.current.epoch > self._doubted:
            self._doubted = None
        return self._doubted is not None

    def confirm(self) -> None:
        """The other region knows no higher epoch than ours."""
        self._doubted = None

    def learn(self, role: Role) -> None:
        """Another region named a role; ignored unless its epoch is higher."""
        if role.epoch > self.current.epoch:
            self._learned = role

    async def follow(self) -> None:
        """Read the document every 250 ms, for as long as the process lives."""
        while True:
            await self.read()
            await asyncio.sleep(EVERY)

    async def read(self) -> None:
        """Read the document once; a lower epoch than the last document's is refused."""
        read = await self._fetch()
        _ = self.recovering  # notices a sleep before the beat hides it
        self._beat = time.monotonic()
        if read is not None and read.epoch >= self._document.epoch:
            self._document = read
