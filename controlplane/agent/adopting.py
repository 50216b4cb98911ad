"""Does what was left to a worker: operations that were handed over, emergencies whose time is over."""

from __future__ import annotations

import asyncio

from controlplane.agent.world import Seen, Tools


async def adopt(tools: Tools, seen: Seen) -> None:
    """One look for work. Raises what the work raises: the heartbeat carries it, and the next look tries again."""
    if tools.adopt is not None:
        await asyncio.to_thread(tools.adopt)
