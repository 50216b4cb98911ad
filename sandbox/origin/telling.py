"""What the application does after an owner's update: the region's caches get the new values, the agent is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from controlplane.adapters.redis.owners_updates import RedisOwnersUpdates
from controlplane.domain.content_update import ContentUpdate
from controlplane.errors import Unavailable
from sandbox.origin.cached import CachedReads
from sandbox.origin.held import Write
from sandbox.origin.pages import Pages
from sandbox.origin.routes import content_tag, showing

EVERY = 0.25


class Telling:
    """Renews what shows an updated page, then tells the region's agent, which carries it to the edge.

    What Redis does not take is told again, for as long as the process lives; `silent` tells nobody at all (a
    counter-experiment).
    """

    def __init__(self, region: str, reader: CachedReads, pages: Pages, url: str, *, silent: bool = False) -> None:
        self._region = region
        self._reader = reader
        self._pages = pages
        self._updates = RedisOwnersUpdates(url, timeout=0.25)
        self._owed: dict[str, ContentUpdate] = {}
        self._silent = silent

    async def updated(self, write: Write) -> None:
        """A page's update is held here from now on."""
        wedding, page = write.payload["wedding"], write.payload["page"]
        tags = (content_tag(wedding, page),)
        born = self._reader.log_time
        await self._reader.expire(tags)
        for asked in showing(wedding, page):
            await self._reader.renew(asked.key, self._pages.load(asked), tier=asked.route.tier, tags=asked.tags)
        if born is not None and not self._silent:
            self._owed[write.id] = ContentUpdate(
                id=write.id, wedding=wedding, tags=tags, born=born, by=f"application in {self._region}"
            )
            await self._tell(list(self._owed.values()))

    async def keep_telling(self) -> None:
        """Tell what Redis did not take, for as long as the process lives."""
        while True:
            await asyncio.sleep(EVERY)
            await self._tell(list(self._owed.values()))

    async def close(self) -> None:
        """Drop the connection."""
        await self._updates.aclose()

    async def _tell(self, owed: Iterable[ContentUpdate]) -> None:
        for update in owed:
            try:
                await self._updates.tell(update.id, update.to_json())
            except Unavailable:
                return
            self._owed.pop(update.id, None)
