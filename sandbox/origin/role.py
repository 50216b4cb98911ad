"""Who is home: the region-role document, followed without ever making a request wait.

The region agent puts the document `wc:region` into its own region's Redis: {"home": R, "down": [...], "drain": bool}.
The last document read stays in force while Redis is away. Whoever was stopped and wakes is `recovering`: it
acknowledges nothing before the other region, or a document of a higher epoch, has told it who is home now.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from controlplane.ports.control_keys import Document

EVERY = 0.25
ASLEEP = 3.0


@dataclass(frozen=True)
class Role:
    """One version of the role document; a higher epoch replaces a lower one everywhere."""

    epoch: int
    home: str
    down: tuple[str, ...] = ()
    drain: bool = False


def parse(document: Document | None) -> Role | None:
    """The role in `document`; None where it is missing or damaged, so that the last good one stays in force."""
    if document is None:
        return None
    try:
        body = document.body
        return Role(document.epoch, str(body["home"]), tuple(body.get("down", ())), bool(body.get("drain", False)))
    except (TypeError, KeyError, AttributeError):
        return None


class Roles:
    """What this region believes.

    `fetch` reads the document within 100 ms. `seen_epoch` is the highest epoch that an earlier process of this region
    heard of: a document that is no newer may be history. Without `doubts` nothing is ever taken for history.
    """

    def __init__(
        self,
        start: Role,
        fetch: Callable[[], Awaitable[Role | None]],
        seen_epoch: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        doubts: bool = True,
    ) -> None:
        self._doubts = doubts
        self._monotonic = monotonic
        self._document = start
        self._learned = start
        self._fetch = fetch
        self._beat = self._monotonic()
        self._doubted: int | None = max(start.epoch, seen_epoch)

    @property
    def current(self) -> Role:
        """The role of the highest epoch heard of; `drain` is always the own document's."""
        if self._learned.epoch > self._document.epoch:
            return replace(self._learned, drain=self._document.drain)
        return self._document

    @property
    def recovering(self) -> bool:
        """Whether this process just started or slept, so that its role may be history."""
        if not self._doubts:
            return False
        if self._monotonic() - self._beat > ASLEEP:
            self._doubted = self.current.epoch
            self._beat = self._monotonic()
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
        self._beat = self._monotonic()
        if read is not None and read.epoch >= self._document.epoch:
            self._document = read
