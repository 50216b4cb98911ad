"""Pushes ahead what must act without us: calendar and region's role to Redis, freeze keys and denials to the edge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from controlplane.agent.world import Seen, Tools
from controlplane.domain import lease as leases
from controlplane.domain.calendar_json import CALENDAR_KEY, from_json
from controlplane.domain.edge_keys import FREEZE, freeze_keys
from controlplane.domain.roles import ROLES_KEY, current
from controlplane.domain.takedown import TAKEDOWNS_KEY, Register, edge_denials
from controlplane.errors import LeaseHeld, LeaseLost, Refused
from controlplane.ports.control_keys import CALENDAR, REGION, Document
from controlplane.ports.edge_store import MAX_KEYS_A_WRITE

LEASE_KEY = "lease/edge-store"


async def push_calendar(tools: Tools, seen: Seen) -> None:
    """Read the calendar as last decided and put it into this region's Redis.

    The edge's keys follow the calendar also while this Redis is away; but not where Redis holds a later one, because
    then what we read is history. Raises Refused then, CalendarUnreadable, Unavailable.
    """
    text = await asyncio.to_thread(tools.store.read, CALENDAR_KEY)
    if text is None:
        return
    before = seen.calendar, seen.calendar_text
    if text != seen.calendar_text:
        calendar = from_json(text)
        tools.tell(f"calendar epoch {calendar.made.epoch}: pushing to Redis")
        seen.calendar, seen.calendar_text = calendar, text
    assert seen.calendar is not None  # noqa: S101  (read just now, or before)
    epoch = seen.calendar.made.epoch
    try:
        await tools.keys.put(CALENDAR, Document(epoch, json.loads(text)))
    except Refused:
        seen.calendar, seen.calendar_text = before if before[1] != text else (None, None)
        raise
    seen.calendar_epoch = epoch


async def push_roles(tools: Tools, seen: Seen) -> None:
    """Read the region roles as last decided and tell this region its own. Raises Refused for roles that are history."""
    text = await asyncio.to_thread(tools.store.read, ROLES_KEY)
    roles = current(text, tools.inventory.home)
    await tools.keys.put(REGION, Document(roles.epoch, roles.document(tools.region)))
    if roles.epoch != seen.roles_epoch:
        tools.tell(f"roles epoch {roles.epoch}: home {roles.home}, down {', '.join(roles.down) or 'none'}")
    seen.roles_epoch = roles.epoch


async def push_edge(tools: Tools, seen: Seen) -> None:
    """Under the lease, write the freeze keys and denials of every host to the edge's store; only what differs."""
    seen.holds_lease = await asyncio.to_thread(_hold_lease, tools, seen)
    if not seen.holds_lease or seen.calendar is None:
        return
    keys = freeze_keys(seen.calendar, tools.clock.now())
    while written := await asyncio.to_thread(tools.edge.change, lambda held: _differences(tools, seen, held, keys)):
        tools.tell(f"edge store: wrote {', '.join(sorted(written))}")


async def give_lease_back(tools: Tools, seen: Seen) -> None:
    """End in good order: whoever comes next need not wait for the TTL. Raises Unavailable."""
    if not seen.holds_lease:
        return

    def free(text: str | None) -> str | None:
        held = leases.Lease.from_json(text)
        return text if held is None or held.holder != tools.me else leases.given_back(held).to_json()

    await asyncio.to_thread(tools.store.change, LEASE_KEY, free)
    seen.holds_lease = False


def _differences(tools: Tools, seen: Seen, held: Mapping[str, str], keys: Mapping[str, str]) -> dict[str, str | None]:
    """As many as one write takes of the wanted keys, and of deletions of freeze keys that are no longer wanted.

    Computed between the edge store's read and its conditional write: an agent that was stopped meanwhile writes
    nothing, and what is denied is read after what the edge has, so that nobody's denial is taken back. Raises
    LeaseLost.
    """
    if seen.asked_at is None or not leases.is_held(seen.asked_at, tools.clock.monotonic()):
        raise LeaseLost(f"the lease {LEASE_KEY} was held too long ago; nothing was written")
    denials = edge_denials(Register.from_json(tools.store.read(TAKEDOWNS_KEY)))
    wanted: dict[str, str | None] = {k: value for k, value in {**keys, **denials}.items() if held.get(k) != value}
    wanted |= dict.fromkeys(key for key in held if key.startswith(FREEZE) and key not in keys)
    return dict(sorted(wanted.items())[:MAX_KEYS_A_WRITE])


def _hold_lease(tools: Tools, seen: Seen) -> bool:
    """Take, renew or watch the lease; only the region that is home tries to take it."""
    held = leases.Lease.from_json(tools.store.read(LEASE_KEY))
    home = current(tools.store.read(ROLES_KEY), tools.inventory.home).home
    now = tools.clock.monotonic()
    seen.lease = leases.sighted(seen.lease, held, now)
    if home != tools.region or not leases.may_take(seen.lease, tools.me, now):
        return False

    def take(text: str | None) -> str:
        found = leases.Lease.from_json(text)
        if found != held:
            raise LeaseHeld(f"the lease {LEASE_KEY} moved on; nothing was written")
        return leases.taken(found, tools.me).to_json()

    try:
        mine = leases.Lease.from_json(tools.store.change(LEASE_KEY, take))
    except LeaseHeld:
        return False
    seen.asked_at = now
    seen.lease = leases.sighted(None, mine, now)
    return True
