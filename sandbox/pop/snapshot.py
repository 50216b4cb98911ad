"""Following a vendor emulator's edge snapshots: the only way in which a POP learns what was declared."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

WAIT_SECONDS = 20
RETRY_SECONDS = 0.25

Snapshot = dict[str, Any]
log = logging.getLogger("sandbox.pop.snapshot")


class Follower:
    """Asks for the next snapshot, has it applied, acknowledges it; from the start again if the emulator restarted.

    `pops` are the codes that acknowledge. `locate` returns the emulator's base URL (asked anew for each try, because it
    may move). `apply` must take the whole snapshot or raise; a snapshot that raises is not acknowledged and is asked
    for again.
    """

    def __init__(self, pops: Sequence[str], locate: Callable[[], str], apply: Callable[[Snapshot], None]) -> None:
        self._pops = tuple(pops)
        self._locate = locate
        self._apply = apply
        self.seq = 0
        self.applied = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        timeout = aiohttp.ClientTimeout(total=WAIT_SECONDS + 10)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            after = 0
            while True:
                try:
                    after = await self._step(session, after)
                except (aiohttp.ClientError, TimeoutError, OSError, KeyError) as error:
                    # A restarted emulator counts from zero again, so the whole snapshot is asked for.
                    after = 0
                    log.info("%s: no snapshot yet: %s %s", ", ".join(self._pops), type(error).__name__, error)
                    await asyncio.sleep(RETRY_SECONDS)
                except Exception:
                    # What was declared cannot be compiled: keep serving what was understood last, and say so.
                    log.exception("%s: the snapshot was not applied", ", ".join(self._pops))
                    await asyncio.sleep(1)

    async def _step(self, session: aiohttp.ClientSession, after: int) -> int:
        base = self._locate()
        wait = WAIT_SECONDS if after else 1
        async with session.get(f"{base}/_sandbox/edge", params={"after": str(after), "wait": str(wait)}) as answer:
            if answer.status == 204:
                return after
            answer.raise_for_status()
            snapshot = await answer.json(content_type=None)
        seq = int(snapshot["seq"])
        self._apply(unseen(snapshot, self.seq if seq >= self.seq else 0))
        self.seq = seq
        self.applied.set()
        for pop in self._pops:
            async with session.post(f"{base}/_sandbox/edge/ack", json={"pop": pop, "seq": seq}) as acknowledged:
                acknowledged.raise_for_status()
        return seq


def unseen(snapshot: Snapshot, after: int) -> Snapshot:
    """The snapshot with only the purges numbered above `after`: one that was carried out is not carried out again."""
    later = {
        name: [order for order in snapshot.get(name, []) if int(order["seq"]) > after]
        for name in ("invalidations", "purges")
    }
    return {**snapshot, **later}


def deaf_to(snapshot: Any, knobs: frozenset[str]) -> Any:
    """The snapshot without every key named in `knobs`, however deep: a POP that ignores what was declared there.

    For counter-experiments: a probe of that knob must then fail. A required key makes the snapshot unreadable.
    """
    if isinstance(snapshot, dict):
        return {name: deaf_to(value, knobs) for name, value in snapshot.items() if name not in knobs}
    if isinstance(snapshot, list):
        return [deaf_to(value, knobs) for value in snapshot]
    return snapshot


def base_url(endpoint: str) -> str:
    """An endpoint of the registry ("host:port" or a URL) as a base URL without a trailing slash."""
    return (endpoint if "://" in endpoint else f"http://{endpoint}").rstrip("/")
