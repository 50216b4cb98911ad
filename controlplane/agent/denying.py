"""Makes takedowns hold in this region: its Redis forgets the copies and tells the origins what they must not give out.

A Redis that comes back from an old snapshot holds the copies again, and an older list or none: by that it is noticed.
"""

from __future__ import annotations

import asyncio
import json

from controlplane.agent.world import Seen, Tools
from controlplane.domain.purge_log import Kind
from controlplane.domain.takedown import TAKEDOWNS_KEY, Register, receipt_key
from controlplane.ports.control_keys import DENIED, Document


async def push_denials(tools: Tools, seen: Seen) -> None:
    """Put what is denied into this region's Redis, and purge it there whenever Redis is older than that.

    The purge comes first: a snapshot that has the list has the purge too. Raises Unavailable, Refused for a list that
    is history, ValueError for one that cannot be read.
    """
    register = Register.from_json(await asyncio.to_thread(tools.store.read, TAKEDOWNS_KEY))
    if not register.epoch:
        return
    held = await tools.keys.get(DENIED)
    if held is None or held.epoch < register.epoch:
        purges = register.purges()
        if purges:
            await tools.purges.append(purges, Kind.HARD)
        await tools.keys.put(DENIED, Document(register.epoch, json.loads(register.to_json())))
        tools.tell(f"takedowns epoch {register.epoch}: {len(register.entries)} targets are denied and purged here")
    if seen.denied_epoch != register.epoch:
        receipt = {"region": tools.region, "epoch": register.epoch}
        await asyncio.to_thread(tools.store.put, receipt_key(tools.region), json.dumps(receipt))
        seen.denied_epoch = register.epoch
