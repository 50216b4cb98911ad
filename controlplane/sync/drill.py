"""A drill: a numbered series of strong writes while something breaks, then the same read back from every region.

What it counts is what callers were told, so it needs no look inside: an acknowledged write that some region does not
read back is lost, whatever the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from controlplane.domain.record import Stamp
from controlplane.errors import Refused, Unavailable
from controlplane.sync.records import STRONG, Records

_AT_ONCE = 16


@dataclass
class Series:
    """What callers were told: `acknowledged` writes by key, `refused` ones, and those that `may_have_been` applied."""

    name: str
    acknowledged: dict[str, Stamp] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    may_have_been: list[str] = field(default_factory=list)


async def write_series(
    writers: Sequence[Records], name: str, count: int, *, pause: float = 0.0, stop: asyncio.Event | None = None
) -> Series:
    """`count` strong writes of `<name>:<n>` = n, by the writers in turn, `pause` seconds apart; fewer if `stop` is set.

    Each key is written once. Never raises for a write that fails: that is what is counted.
    """
    series = Series(name)
    for n in range(count):
        if stop is not None and stop.is_set():
            break
        key = f"{name}:{n}"
        try:
            receipt = await writers[n % len(writers)].put(key, n, level=STRONG)
            series.acknowledged[key] = receipt.stamp
        except Refused:
            series.refused.append(key)
        except Unavailable as error:
            (series.refused if error.safe_to_retry else series.may_have_been).append(key)
        await asyncio.sleep(pause)
    return series


async def read_back(readers: Mapping[str, Records], series: Series) -> dict[str, list[str]]:
    """For each region the acknowledged keys that its strong reads do not give back: lost, if there are any.

    Raises Unavailable where a read finds no majority: then nothing is known, and nothing is counted as found.
    """
    room = asyncio.Semaphore(_AT_ONCE)

    async def is_lost(reader: Records, key: str) -> bool:
        async with room:
            return bool(await reader.get(key, level=STRONG) != int(key.rpartition(":")[2]))

    lost: dict[str, list[str]] = {}
    for region, reader in readers.items():
        keys = list(series.acknowledged)
        found = await asyncio.gather(*(is_lost(reader, key) for key in keys))
        lost[region] = [key for key, gone in zip(keys, found, strict=True) if gone]
    return lost
