"""Each wedding's own window, tried at its doors: the offline gate on both sides of both ends, and a hard purge."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from sandbox.rehearsal.calls_since import mutating
from sandbox.rehearsal.stage import Stage
from sandbox.rehearsal.surfaces import gate

WINDOWS = {
    "como": (datetime(2027, 6, 11, 10, tzinfo=UTC), datetime(2027, 6, 13, 4, tzinfo=UTC)),
    "ubud": (datetime(2027, 6, 11, 4, tzinfo=UTC), datetime(2027, 6, 12, 22, tzinfo=UTC)),
    "tulum": (datetime(2027, 6, 11, 17, tzinfo=UTC), datetime(2027, 6, 13, 11, tzinfo=UTC)),
}
"""By hand: midnight at the venue (Rome UTC+2, Makassar UTC+8, Cancun UTC-5), 12 h before it and 6 h after the next."""

AHEAD = timedelta(minutes=31)
"""A stack update may take half an hour: the gate closes for it that long before the window."""

SECOND = timedelta(seconds=1)
ADMITTED, FROZEN = 0, 10
PURGES = ("cloudfront CreateInvalidation", "cloudflare cache.")


def is_in_window(wedding: str, at: datetime) -> bool:
    """Whether the table above says so."""
    start, end = WINDOWS[wedding]
    return start <= at < end


def ends(stage: Stage, weddings: Iterable[str]) -> dict[str, list[int]]:
    """Wedding -> what the gate ended with half an hour before, at the start, at the last second and at the end."""
    asks = {name: _instants(*WINDOWS[name]) for name in weddings}
    with ThreadPoolExecutor(max_workers=2) as pool:
        said = {name: [pool.submit(gate, stage, at, name) for at in when] for name, when in asks.items()}
        return {name: [one.result() for one in codes] for name, codes in said.items()}


def _instants(start: datetime, end: datetime) -> tuple[datetime, ...]:
    return start - AHEAD, start, end - SECOND, end


def purge(stage: Stage, weddings: Iterable[str]) -> dict[str, dict[str, int]]:
    """A hard purge of each wedding, now: its exit code, the one that its own window wants, purges that vendors saw."""
    found = {}
    for wedding in weddings:
        at, begun = stage.clock.now(), time.monotonic()
        code = stage.wedcache("purge", f"wedding:{wedding}", "--hard", "--yes").code
        calls = mutating(stage.run, begun, time.monotonic())
        seen = sum(count for name, count in calls.items() if name.startswith(PURGES))
        wanted = FROZEN if is_in_window(wedding, at) else ADMITTED
        found[f"{wedding} at {at:%d %H:%M}"] = {"code": code, "wanted": wanted, "purges": seen}
    return found
