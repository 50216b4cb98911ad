"""The agent's life: a few periodic duties, each on its own beat; a duty that fails says so once and goes on.

Also an error that nobody foresaw ends no duty: an agent that dies over one of them leaves its region without all. It is
told with its traceback, and the heartbeat carries it, so that `wedcache status` shows it from anywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from controlplane.agent import adopting, denying, probing, purging, pushing, updating, watching
from controlplane.agent.world import Seen, Tools
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.domain.lease import RENEW_SECONDS
from controlplane.errors import Unavailable, WedcacheError
from controlplane.ports.control_keys import REGION

Duty = Callable[[Tools, Seen], Awaitable[None]]
THREADS = 16
"""Enough for every duty and every probe to wait for somebody at once: no duty starves another."""


@dataclass(frozen=True)
class Beat:
    """A duty and its period in real seconds."""

    name: str
    duty: Duty
    every: float


async def say_alive(tools: Tools, seen: Seen) -> None:
    """Write this agent's heartbeat: what it pushed, what it sees, which duty fails. Raises Unavailable."""
    try:
        await tools.keys.get(REGION)
        seen.cache_answers, seen.cache_silent_since = True, None
    except Unavailable:
        seen.cache_answers, seen.cache_silent_since = False, seen.cache_silent_since or tools.clock.now()
    if seen.beat == 0:
        seen.beat = await asyncio.to_thread(_last_beat, tools)
    seen.beat += 1
    heartbeat = Heartbeat(
        region=tools.region,
        beat=seen.beat,
        at=tools.clock.now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        calendar_epoch=seen.calendar_epoch,
        roles_epoch=seen.roles_epoch,
        cache_answers=seen.cache_answers,
        edge_lease=seen.holds_lease,
        views=seen.views(),
        trouble=dict(seen.trouble),
        late=dict(seen.late),
        down_since=dict(seen.down_since),
        cache_silent_since=seen.cache_silent_since,
        edges={edge: probe.health for edge, probe in seen.edges.items()},
    )
    await asyncio.to_thread(tools.store.put, heartbeat_key(tools.region), heartbeat.to_json())


async def examine_cache(tools: Tools, seen: Seen) -> None:
    """See whether this region's Redis keeps what has no TTL. Raises Refused, which the heartbeat carries to `doctor`.

    That it does not answer is said by the heartbeat itself.
    """
    if tools.examine is not None:
        with contextlib.suppress(Unavailable):
            await tools.examine()


DUTIES = (
    Beat("probe", probing.probe_regions, 1.0),
    Beat("pace", probing.time_slow_regions, 2.0),
    Beat("edges", probing.probe_edges, 3.0),
    Beat("roles", pushing.push_roles, 1.0),
    Beat("calendar", pushing.push_calendar, 3.0),
    Beat("purges", purging.apply_purges, 1.0),
    Beat("takedowns", denying.push_denials, 1.0),
    Beat("updates", updating.carry_updates, 0.5),
    Beat("edge", pushing.push_edge, RENEW_SECONDS),
    Beat("adopt", adopting.adopt, 5.0),
    Beat("eviction", examine_cache, 30.0),
    Beat("outside", watching.watch, 60.0),
    Beat("heartbeat", say_alive, 1.0),
)


async def live(tools: Tools, stop: asyncio.Event, duties: Sequence[Beat] = DUTIES) -> None:
    """Perform every duty on its beat until `stop` is set, then give the lease back."""
    seen = Seen()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="duty"))
    await asyncio.gather(*(_repeat(beat, tools, seen, stop) for beat in duties))
    try:
        await pushing.give_lease_back(tools, seen)
    except WedcacheError as error:
        tools.tell(f"the lease was not given back, the next agent waits for its TTL: {error}")


async def _repeat(beat: Beat, tools: Tools, seen: Seen, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        due = loop.time() + beat.every
        try:
            await beat.duty(tools, seen)
        except Exception as error:
            _note(beat.name, error, tools, seen)
        else:
            if seen.trouble.pop(beat.name, ""):
                tools.tell(f"{beat.name}: works again")
        try:
            await asyncio.wait_for(stop.wait(), max(due - loop.time(), 0.05))
        except TimeoutError:
            continue


def _note(name: str, error: Exception, tools: Tools, seen: Seen) -> None:
    """Keep the trouble for the heartbeat; tell it when it is new."""
    expected = isinstance(error, WedcacheError)
    words = str(error) if expected else f"unexpected {type(error).__name__}: {error}"
    if seen.trouble.get(name) != words:
        told = "" if expected else "\n" + "".join(traceback.format_exception(error)).rstrip()
        tools.tell(f"{name}: {words}{told}")
    seen.trouble[name] = words


def _last_beat(tools: Tools) -> int:
    """The number that this region's agent last wrote: counting goes on from there over a restart."""
    text = tools.store.get(heartbeat_key(tools.region))
    try:
        return Heartbeat.from_json(text).beat if text else 0
    except ValueError:
        return 0
