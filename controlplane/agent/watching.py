"""Watches for changes made outside: once a minute the agent that holds the lease asks the vendors' own logs."""

from __future__ import annotations

import asyncio

from controlplane.agent.world import Seen, Tools
from controlplane.errors import Refused

TOLD = 3


async def watch(tools: Tools, seen: Seen) -> None:
    """One look. Raises Refused naming the newest changes that nothing of ours covers: the heartbeat carries it for as
    long as they are less than a day old. Raises Unavailable where a vendor's log cannot be read.
    """
    if tools.outside is None or not seen.holds_lease:
        return
    found = await asyncio.to_thread(tools.outside)
    if found:
        more = f" and {len(found) - TOLD} more" if len(found) > TOLD else ""
        raise Refused(f"changed outside: {'; '.join(found[-TOLD:])}{more}", next_step="wedcache ops outside")
