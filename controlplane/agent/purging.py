"""Carries purge requests from the shared store into this region's purge log, each at least once."""

from __future__ import annotations

import asyncio
import json

from controlplane.agent.world import Seen, Tools
from controlplane.domain.purge import RECEIPTS, REQUESTS, PurgeRequest, receipt_key, request_key
from controlplane.errors import BadInput


async def apply_purges(tools: Tools, seen: Seen) -> None:
    """Append every request that has no receipt of this region yet; repeating one is harmless. Raises Unavailable."""
    names = await asyncio.to_thread(lambda: list(tools.store.names(REQUESTS)))
    for name in names:
        identity = name.removeprefix(REQUESTS)
        if identity in seen.purged:
            continue
        if await _is_confirmed(tools, identity) or await _apply(tools, identity):
            seen.purged.add(identity)
    seen.purged.intersection_update(name.removeprefix(REQUESTS) for name in names)


async def _is_confirmed(tools: Tools, identity: str) -> bool:
    mine = receipt_key(identity, tools.region)
    return mine in await asyncio.to_thread(lambda: set(tools.store.names(f"{RECEIPTS}{identity}/")))


async def _apply(tools: Tools, identity: str) -> bool:
    """Whether there is nothing left to do: False while the request is named but cannot be read yet."""
    text = await asyncio.to_thread(tools.store.get, request_key(identity))
    if text is None:
        return False
    try:
        request = PurgeRequest.from_json(text)
        purge = await tools.purges.append(request.tags, request.kind)
    except (BadInput, ValueError) as error:
        tools.tell(f"purge {identity} is not one and is left alone, the others go on: {error}")
        return True
    receipt = {"region": tools.region, "epoch": purge.position.epoch, "n": purge.position.n}
    await asyncio.to_thread(tools.store.put, receipt_key(identity, tools.region), json.dumps(receipt))
    tools.tell(f"purge {identity}: {request.kind.value} {', '.join(request.tags)} is number {purge.position.n}")
    return True
