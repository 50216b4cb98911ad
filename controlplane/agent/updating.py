"""Takes over owners' updates from this region's applications, and carries them to the edge where this region may.

An update lies in the shared store before it leaves the region's Redis: whatever becomes of this region, the agent that
holds the edge store's lease carries it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

from controlplane.agent.world import Seen, Tools
from controlplane.domain.content_update import (
    MOST_A_MINUTE,
    RECEIPTS,
    UPDATES,
    ContentUpdate,
    receipt_key,
    together,
    update_key,
)
from controlplane.errors import BadInput, Incomplete

LOOK_SECONDS = 2.0
"""How often the holder looks for what other regions took over; what its own region tells is carried at once."""

TRIES = 3


async def carry_updates(tools: Tools, seen: Seen) -> None:
    """One look. Raises Unavailable, and Incomplete for an update that some POP does not give yet."""
    if seen.holds_lease and not seen.is_prepared and tools.prepare is not None:
        seen.is_prepared = True
        await asyncio.to_thread(tools.prepare)
    took = await _take(tools)
    now = tools.clock.monotonic()
    if not seen.holds_lease or tools.refresh is None or not (took or now - seen.looked_at >= LOOK_SECONDS):
        return
    seen.looked_at = now
    begun: list[Sequence[ContentUpdate]] = []
    for group in together(await _owed(tools, seen)):
        starts = seen.refreshed.setdefault(group[0].wedding, [])
        starts[:] = [at for at in starts if now - at < 60.0]
        if len(starts) < MOST_A_MINUTE:  # the next look carries the others, together with those that come meanwhile
            starts.append(now)
            begun.append(group)
    for ended in await asyncio.gather(*(_carry(tools, seen, group) for group in begun), return_exceptions=True):
        if ended is not None:
            raise ended


async def _take(tools: Tools) -> bool:
    """Move what applications told of into the shared store; whether there was anything."""
    if tools.updates is None:
        return False
    waiting = await tools.updates.waiting()
    for identity, text in waiting.items():
        try:
            known = ContentUpdate.from_json(text)
            known.check()
        except (BadInput, ValueError) as error:
            tools.tell(f"update {identity} is not one and is dropped: {error}")
        else:
            # Every region that holds the write tells of it: the first one's word stays.
            if await asyncio.to_thread(tools.store.get, update_key(known.id)) is None:
                await asyncio.to_thread(tools.store.put, update_key(known.id), known.to_json())
        await tools.updates.taken(identity)
    return bool(waiting)


async def _owed(tools: Tools, seen: Seen) -> list[ContentUpdate]:
    """The updates in the shared store that nobody has carried yet."""
    names = await asyncio.to_thread(lambda: {name.removeprefix(UPDATES) for name in tools.store.names(UPDATES)})
    seen.updated &= names
    if names - seen.updated:
        done = await asyncio.to_thread(lambda: {name.removeprefix(RECEIPTS) for name in tools.store.names(RECEIPTS)})
        seen.updated |= names & done
    texts = [await asyncio.to_thread(tools.store.get, update_key(name)) for name in sorted(names - seen.updated)]
    return [ContentUpdate.from_json(text) for text in texts if text is not None]


async def _carry(tools: Tools, seen: Seen, group: Sequence[ContentUpdate]) -> Incomplete | None:
    """Carry updates of one wedding as one; after `TRIES` incomplete ones the receipt says what is missing."""
    assert tools.refresh is not None  # noqa: S101  (looked at by the caller)
    tags = tuple(dict.fromkeys(tag for update in group for tag in update.tags))
    whole = group[-1].model_copy(update={"tags": tags})
    receipt: dict[str, object] = {"region": tools.region, "carried": [update.id for update in group]}
    try:
        carried = await asyncio.to_thread(tools.refresh, whole)
    except Incomplete as error:
        seen.tries[whole.id] = seen.tries.get(whole.id, 0) + 1
        if seen.tries[whole.id] < TRIES:
            return error
        receipt["missing"] = error.report
        tools.tell(f"update {whole.id}: given up after {TRIES} tries: {error}")
    else:
        receipt |= {"pages": [f"{host}{path}" for host, path in carried.pages], "seen": carried.seen}
        slowest = max(carried.seen.values(), default=0.0)
        tools.tell(f"update {whole.id}: {len(carried.pages)} pages in {len(carried.seen)} POPs after {slowest:.2f} s")
    for update in group:
        await asyncio.to_thread(tools.store.put, receipt_key(update.id), json.dumps(receipt))
        seen.updated.add(update.id)
        seen.tries.pop(update.id, None)
    return None
