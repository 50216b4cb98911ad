"""Pushes ahead what must act without us: the calendar and the region's role to Redis, freeze keys to the edge store."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from controlplane.agent.world import Seen, Tools
from controlplane.domain import lease as leases
from controlplane.domain.calendar_json import from_json
from controlplane.domain.edge_keys import FREEZE, freeze_keys
from controlplane.domain.roles import ROLES_KEY, current
from controlplane.errors import LeaseHeld, Refused
from controlplane.ports.control_keys import CALENDAR, REGION, Document

CALENDAR_KEY = "calendar"
LEASE_KEY = "lease/edge-store"


async def push_calendar(tools: Tools, seen: Seen) -> None:
    """Read the calendar as last decided and put it into this region's Redis."""
    text = await asyncio.to_thread(tools.store.read, CALENDAR_KEY)
    if text is None:
        return
    calendar = from_json(text)
    if text != seen.calendar:
        tools.tell(f"calendar epoch {calendar.made.epoch}: pushing to Redis")
    await _put(tools, CALENDAR, Document(calendar.made.epoch, json.loads(text)))
    seen.calendar, seen.calendar_epoch = text, calendar.made.epoch


async def push_roles(tools: Tools, seen: Seen) -> None:
    """Read the region roles as last decided and tell this region its own."""
    text = await asyncio.to_thread(tools.store.read, ROLES_KEY)
    roles = current(text, tools.inventory.home)
    if roles.epoch != seen.roles_epoch:
        tools.tell(f"roles epoch {roles.epoch}: home {roles.home}, down {', '.join(roles.down) or 'none'}")
    await _put(tools, REGION, Document(roles.epoch, roles.document(tools.region)))
    seen.roles_epoch = roles.epoch


async def push_edge(tools: Tools, seen: Seen) -> None:
    """Under the lease, write the freeze keys of every host to the edge's store; reads back, writes only differences."""
    seen.holds_lease = await asyncio.to_thread(_hold_lease, tools, seen)
    if not seen.holds_lease or seen.calendar is None:
        return
    keys = freeze_keys(from_json(seen.calendar), tools.clock.now())
    written = await asyncio.to_thread(tools.edge.change, lambda held: _differences(held, keys))
    if written:
        tools.tell(f"edge store: wrote {', '.join(sorted(written))}")


def _differences(held: Mapping[str, str], keys: Mapping[str, str]) -> dict[str, str | None]:
    """The wanted keys, and a deletion for every freeze key that is no longer wanted."""
    gone = dict.fromkeys(key for key in held if key.startswith(FREEZE) and key not in keys)
    return {**keys, **gone}


def _hold_lease(tools: Tools, seen: Seen) -> bool:
    """Take, renew or watch the lease; only the region that is home tries to take it."""
    now = tools.clock.monotonic()
    held = leases.Lease.from_json(tools.store.read(LEASE_KEY))
    seen.lease = leases.sighted(seen.lease, held, now)
    home = current(tools.store.read(ROLES_KEY), tools.inventory.home).home
    if home != tools.region or not leases.may_take(seen.lease, tools.region, now):
        return False

    def take(text: str | None) -> str:
        found = leases.Lease.from_json(text)
        if found != held:
            raise LeaseHeld(f"the lease {LEASE_KEY} moved on; nothing was written")
        return leases.taken(found, tools.region).to_json()

    try:
        seen.lease = leases.sighted(None, leases.Lease.from_json(tools.store.change(LEASE_KEY, take)), now)
    except LeaseHeld:
        return False
    return True


async def _put(tools: Tools, name: str, document: Document) -> None:
    try:
        await tools.keys.put(name, document)
    except Refused as error:
        tools.tell(str(error))
