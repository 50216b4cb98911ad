"""`SecondTier` on Redis or Valkey: reads through the lane, guarded writes through redis-py.

A value stands behind a header (`header`), a tombstone is one alone. The header orders writes inside the script, so that
a late fill never replaces a newer value and never a tombstone of something removed after it began.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import Any

from controlplane.adapters.redis import address
from controlplane.adapters.redis.answers import Reading
from controlplane.adapters.redis.cluster import ClusterLane
from controlplane.adapters.redis.connect import connect, script, translated
from controlplane.adapters.redis.fills import ClusterFills, Fills
from controlplane.adapters.redis.header import TOMBSTONE, VALUE, header, stored
from controlplane.adapters.redis.lane import Lane
from controlplane.domain import keys as key_names
from controlplane.domain.purge_log import Position
from controlplane.errors import Unavailable
from controlplane.ports.second_tier import Stored


@dataclass(slots=True)
class TierStats:
    """Plain counters. `fills` were answered, of them `refused` were older than what was there; `failed` were not
    answered; `foreign`: reads that found bytes which are not ours."""

    fills: int = 0
    refused: int = 0
    failed: int = 0
    foreign: int = 0


class RedisTier:
    """Values of one scope. `read_timeout` bounds a read, `write_timeout` a fill, in seconds."""

    def __init__(
        self, url: str, *, scope: str = "main", read_timeout: float = 0.1, write_timeout: float = 0.25
    ) -> None:
        self.stats = TierStats()
        self._again = functools.partial(
            RedisTier, url, scope=scope, read_timeout=read_timeout, write_timeout=write_timeout
        )
        place = address.parse(url)
        reading = Reading(self._stored, self._unanswered)
        kind = ClusterLane if place.is_cluster else Lane
        self.lane: Lane | ClusterLane = kind(place, timeout=read_timeout, reading=reading)
        self._prefix = f"wc:{key_names.encode(scope)}:v:"
        self._write_timeout = write_timeout
        self._redis: Any = connect(url, timeout=write_timeout, text=False, most=8)
        fill = self._redis.register_script(script("fill"))
        self._fills = (ClusterFills if place.is_cluster else Fills)(self._redis, fill, write_timeout)

    def renewed(self) -> RedisTier:
        """The same tier with connections of its own."""
        return self._again()

    async def open(self) -> None:
        """Bring the lane up, for at most its time limit; later ones behind.

        Raises Refused for a server that may evict the purge log (`allkeys-*`). One that does not answer now is asked
        when it does: then the tier stays closed and says so (`lane.refusal`), and no read raises.
        """
        await self.lane.open()
        if refusal := self.lane.refusal:
            await self.aclose()
            raise refusal

    def name(self, key: str) -> str:
        """The Redis key of any text `key`, for tools that look inside."""
        return self._prefix + key_names.encode(key)

    def fetch(self, key: str) -> Awaitable[Stored | None]:
        """One GET on the lane."""
        return self.lane.get(self._prefix + key)

    async def fill(self, key: str, stored: Stored, life: float) -> bool:
        """One guarded SET."""
        arguments: list[bytes | int] = [
            header(VALUE, stored.as_of, stored.born) + stored.payload,
            max(1, int(life * 1000)),
        ]
        try:
            taken = await self._fills.fill(self._prefix + key, arguments)
        except Unavailable:
            self.stats.failed += 1
            raise
        self.stats.fills += 1
        self.stats.refused += not taken
        return taken

    async def bury(self, keys: Iterable[str], at: Position, born: float, seconds: float) -> None:
        """One SET per key, in one pipeline; newer than everything that its own purge number covers."""
        stone = header(TOMBSTONE, at, born)
        with translated("the removed keys have no tombstones (their barrier holds)"):
            async with asyncio.timeout(self._write_timeout):
                pipe = self._redis.pipeline(transaction=False)
                for key in keys:
                    pipe.set(self._prefix + key, stone, px=max(1, int(seconds * 1000)))
                await pipe.execute()

    async def aclose(self) -> None:
        """Close the lane and the client."""
        await self.lane.aclose()
        await self._fills.aclose()
        await self._redis.aclose(close_connection_pool=True)

    def _stored(self, raw: bytes) -> Stored | None:
        """What a GET found."""
        try:
            return stored(raw)
        except ValueError:
            self.stats.foreign += 1
            return None

    def _unanswered(self) -> Unavailable:
        """Why a GET found nothing out."""
        return Unavailable(f"Redis did not answer within its time limit ({self.lane.trouble or 'silence'})")
