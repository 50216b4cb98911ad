"""The cache client in front of the database: memory, the region's Redis, and the region's purge log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from controlplane.adapters.redis.control import RedisControlKeys
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.adapters.system.debts import DebtsFolder
from controlplane.cache.client import Cache
from controlplane.cache.entry import Read
from controlplane.cache.load import Load
from controlplane.cache.mode import TagWindow, WindowTable
from controlplane.cache.options import Options
from controlplane.cache.settings import Settings
from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_json import CalendarUnreadable, from_json
from controlplane.domain.tags import EVERYTHING, wedding
from controlplane.domain.takedown import Register
from controlplane.domain.tier import Tier
from controlplane.errors import Unavailable
from controlplane.ports.control_keys import CALENDAR, DENIED
from sandbox.clock import OffsetClock

EVERY = 0.5
Value = dict[str, Any]
_log = logging.getLogger("sandbox.origin.cached")


class CacheClock:
    """`Clock`: instants follow the sandbox's calendar, elapsed time is real."""

    def __init__(self, calendar: OffsetClock) -> None:
        self._calendar = calendar

    def now(self) -> datetime:
        """The sandbox's calendar."""
        return self._calendar.now()

    def monotonic(self) -> float:
        """`time.monotonic()`."""
        return time.monotonic()


class CachedReads:
    """The cache client of one region's origin; `owed` is the folder of purges that the log has not taken yet.

    `options` are those of all its reads.
    No fault of Redis raises: reads load, purges are owed and delivered by the cache client.
    """

    def __init__(self, url: str, region: str, clock: OffsetClock, owed: Path, options: Options | None = None) -> None:
        self._windows = WindowTable()
        self._control = RedisControlKeys(url, timeout=0.25)
        self._denied = Register()
        self._cache = Cache(
            Settings(member=f"origin-{region}", options=options or Options()),
            log=RedisPurgeLog(url),
            clock=CacheClock(clock),
            second=RedisTier(url),
            windows=self._windows,
            debts=DebtsFolder(owed),
        )

    @property
    def log_time(self) -> float | None:
        """The purge log's time in unix seconds; None before it was first heard."""
        return self._cache.log_time

    async def open(self) -> None:
        """Connect; never raises and waits for a second at most."""
        await self._cache.open()
        await self.refresh_denied()
        await self._read_calendar()

    async def close(self) -> None:
        """Leave the log and drop the connections; what is still owed is left to the region's next process."""
        await self._cache.aclose()
        await self._control.aclose()

    async def read(
        self, key: str, load: Callable[[Load], Awaitable[Value]], *, tier: Tier, tags: Iterable[str]
    ) -> Read[Value]:
        """A read of what anybody may see; whatever `load` raises is raised."""
        return await self._cache.read(key, load, tier=tier, tags=tags, public=True)

    async def renew(self, key: str, value: Value, *, tier: Tier | None, tags: Iterable[str]) -> None:
        """Keep what was just loaded in place of what is there; where the log does not answer, readers load it."""
        with contextlib.suppress(Unavailable):
            await self._cache.put(key, value, tier=tier or Tier.MEDIUM, tags=tags)

    async def expire(self, tags: Iterable[str]) -> None:
        """Soft purge in this region, at once or owed. Where it cannot even be owed, that is logged."""
        try:
            await self._cache.expire(tags=tags)
        except Unavailable as error:
            _log.error("%s", error)

    def denies(self, host: str, path: str, tags: Iterable[str]) -> str | None:
        """The takedown by which a path, or content with these tags, is not given out; None: it is."""
        return self._denied.denies(host, path, tags)

    async def keep_up(self) -> None:
        """Follow the pushed calendar and takedowns, for as long as the process lives."""
        while True:
            await asyncio.sleep(EVERY)
            await self.refresh_denied()
            await self._read_calendar()

    async def refresh_denied(self) -> None:
        """Read what is denied; it stays denied: an older list, or none, is a Redis that came back from a snapshot."""
        try:
            document = await self._control.get(DENIED)
            if document is not None and document.epoch > self._denied.epoch:
                self._denied = Register.from_json(json.dumps(document.body))
        except (Unavailable, ValueError):
            return

    async def _read_calendar(self) -> None:
        """The last calendar that could be read stays in force."""
        try:
            document = await self._control.get(CALENDAR)
            if document is not None:
                self._windows.replace(windows(from_json(json.dumps(document.body))))
        except (Unavailable, CalendarUnreadable, ValueError):
            return


def windows(calendar: Calendar) -> list[TagWindow]:
    """Each wedding's windows under its tag, the platform's under the tag that every entry carries."""
    found = [TagWindow(EVERYTHING, rule.start, rule.end) for rule in calendar.platform]
    for name, subject in calendar.weddings.items():
        found += [TagWindow(wedding(name), rule.start, rule.end) for rule in subject.rules]
    return found
