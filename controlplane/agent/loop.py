"""The agent's life: a few periodic duties, each on its own beat; a duty that fails says so once and goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from controlplane.agent import probing, purging, pushing
from controlplane.agent.world import Seen, Tools
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.domain.lease import RENEW_SECONDS
from controlplane.errors import Unavailable
from controlplane.ports.control_keys import REGION

Duty = Callable[[Tools, Seen], Awaitable[None]]


@dataclass(frozen=True)
class Beat:
    """A duty and its period in real seconds."""

    name: str
    duty: Duty
    every: float


async def say_alive(tools: Tools, seen: Seen) -> None:
    """Write this agent's heartbeat: what it pushed, what it sees."""
    try:
        await tools.keys.get(REGION)
        seen.cache_answers = True
    except Unavailable:
        seen.cache_answers = False
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
    )
    await asyncio.to_thread(tools.store.put, heartbeat_key(tools.region), heartbeat.to_json())


DUTIES = (
    Beat("probe", probing.probe_regions, 1.0),
    Beat("roles", pushing.push_roles, 1.0),
    Beat("calendar", pushing.push_calendar, 1.0),
    Beat("purges", purging.apply_purges, 0.5),
    Beat("edge", pushing.push_edge, RENEW_SECONDS),
    Beat("heartbeat", say_alive, 1.0),
)


async def live(tools: Tools, stop: asyncio.Event) -> None:
    """Perform every duty on its beat until `stop` is set."""
    seen = Seen()
    await asyncio.gather(*(_repeat(beat, tools, seen, stop) for beat in DUTIES))


async def _repeat(beat: Beat, tools: Tools, seen: Seen, stop: asyncio.Event) -> None:
    trouble = ""
    while not stop.is_set():
        try:
            await beat.duty(tools, seen)
            if trouble:
                tools.tell(f"{beat.name}: works again")
            trouble = ""
        except Unavailable as error:
            if str(error) != trouble:
                tools.tell(f"{beat.name}: {error}")
            trouble = str(error)
        try:
            await asyncio.wait_for(stop.wait(), beat.every)
        except TimeoutError:
            continue
