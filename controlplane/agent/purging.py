"""Carries purge requests from the shared store into this region's purge log, each at least once."""

from __future__ import annotations

import asyncio
import json

from controlplane.agent.world import Seen, Tools
from controlplane.domain.purge import RECEIPTS, REQUESTS, PurgeRequest, receipt_key, request_key


async def apply_purges(tools: Tools, seen: Seen) -> None:
    """Append every request that has no receipt of this region yet; repeating one is harmless."""
    names = await asyncio.to_thread(lambda: list(tools.store.names(REQUESTS)))
    for name in names:
        identity = name.removeprefix(REQUESTS)
        if identity in seen.purged:
            continue
        if not await _is_confirmed(tools, identity):
            await _apply(tools, identity)
        seen.purged.add(identity)


async def _is_confirmed(tools: Tools, identity: str) -> bool:
    mine = receipt_key(identity, tools.region)
    return mine in await asyncio.to_thread(lambda: set(tools.store.names(f"{RECEIPTS}{identity}/")))


async def _apply(tools: Tools, identity: str) -> None:
    text = await asyncio.to_thread(tools.store.get, request_key(identity))
    if text is None:
        return
    request = PurgeRequest.from_json(text)
    purge = await tools.purges.append(request.tags, request.kind)
    receipt = {"region": tools.region, "epoch": purge.position.epoch, "n": purge.position.n}
    await asyncio.to_thread(tools.store.put, receipt_key(identity, tools.region), json.dumps(receipt))
    tools.tell(f"purge {identity}: {request.kind.value} {', '.join(request.tags)} is number {purge.position.n}")
