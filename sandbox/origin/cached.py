"""The cache client in front of the database: memory, the region's Redis, and the region's purge log."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from controlplane.adapters.redis.control import RedisControlKeys
from controlplane.adapters.redis.purge_log import RedisPurgeLog
from controlplane.adapters.redis.tier import RedisTier
from controlplane.cache.client import Cache
from controlplane.cache.load import Load
from controlplane.cache.mode import TagWindow, WindowTable
from controlplane.cache.settings import Settings
from controlplane.domain.calendar import Calendar
from controlplane.domain.calendar_json import CalendarUnreadable, from_json
from controlplane.domain.tags import EVERYTHING, wedding
from controlplane.domain.tier import Tier
from controlplane.errors import Unavailable
from controlplane.ports.control_keys import CALENDAR
from sandbox.clock import OffsetClock
from sandbox.origin.reader import Seen, Value

EVERY = 0.5


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
    """`Reader` on the cache client. Purges that the log did not take are tried again; nothing raises for Redis."""

    def __init__(self, url: str, region: str, clock: OffsetClock) -> None:
        self._windows = WindowTable()
        self._control = RedisControlKeys(url, timeout=0.25)
        self._cache = Cache(
            Settings(member=f"origin-{region}"),
            log=RedisPurgeLog(url),
            clock=CacheClock(clock),
            second=RedisTier(url),
            windows=self._windows,
        )
        self._owed: set[str] = set()

    @property
    def owed(self) -> int:
        """Purges that the log has not taken yet."""
        return len(self._owed)

    async def open(self) -> None:
        """Connect; never raises and waits for a second at most."""
        await self._cache.open()
        await self._read_calendar()

    async def close(self) -> None:
        """Leave the log and drop the connections."""
        await self._cache.aclose()
        await self._control.aclose()

    async def get_or_load(
        self, key: str, load: Callable[[], Awaitable[Value]], *, tier: Tier, tags: Iterable[str]
    ) -> Seen:
        """A read through the cache; `status` is how it came, with the reason where it is stale."""

        async def loader(_context: Load) -> Value:
            return await load()

        read = await self._cache.read(key, loader, tier=tier, tags=tags)
        value = read.value if read.value is not None else await load()
        return Seen(value, f"{read.status.value}/{read.reason.value}" if read.reason else read.status.value)

    async def expire(self, tags: Iterable[str]) -> None:
        """Soft purge in this region; what the log does not take now is tried again every half second."""
        self._owed.update(tags)
        await self._pay()

    async def keep_up(self) -> None:
        """Deliver owed purges and follow the pushed calendar, for as long as the process lives."""
        while True:
            await asyncio.sleep(EVERY)
            await self._pay()
            await self._read_calendar()

    async def _pay(self) -> None:
        owed = sorted(self._owed)
        if owed:
            try:
                await self._cache.expire(tags=owed)
            except Unavailable:
                return
            self._owed.difference_update(owed)

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
