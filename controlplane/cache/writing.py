"""Writing: values that did not come from a loader, and entries that turn out to be good for longer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from controlplane.cache.barriers import Standing
from controlplane.cache.engine import Engine
from controlplane.cache.entry import own_tags_of
from controlplane.cache.freshness import State
from controlplane.cache.keeping import Made
from controlplane.cache.load import Load
from controlplane.cache.parts import Terms
from controlplane.domain.purge_log import Position

_LOOKS = 50
_TOGETHER = 256
_PAUSE = 0.002


async def put(engine: Engine, values: Mapping[str, Any], terms: Mapping[str, Terms], since: Position | None) -> int:
    """Store values under their terms, after expiring what other processes have under the keys; how many were kept.

    One append to the purge log for all of them: older values are soft from then on, and these, whose position is that
    of the append, are not. A value of which a tag was purged after `since` (or since this was called) is kept nowhere,
    nor is any while the purge is only owed.
    """
    if not values:
        return 0
    since = since or engine.barriers.position
    purge = await engine.purges.expire(values, ())
    if purge.owed or not await _heard(engine, purge.position):
        return 0
    started = engine.ports.clock.monotonic()
    as_of = engine.barriers.position
    kept = 0
    for key, value in values.items():
        own = terms[key]
        others = tuple(tag for tag in own.tags if not tag.startswith("key:"))
        if engine.barriers.standing(others, since) is Standing.VALID:
            made = engine.keeping.make(value, own, as_of, started, Load(key))
            kept += engine.keeping.store(key, made, own.policy)
            if engine.shared is not None and kept % _TOGETHER == 0:
                await engine.shared.room(_TOGETHER)
    return kept


async def _heard(engine: Engine, position: Position) -> bool:
    """Whether this process has applied everything up to `position`, which others' purges may delay for a moment."""
    for _ in range(_LOOKS):
        at = engine.barriers.position
        if at.epoch == position.epoch and at.n >= position.n:
            return True
        await asyncio.sleep(_PAUSE)
    return False


async def touch(engine: Engine, key: str, terms: Terms, *, renews_fresh: bool) -> bool:
    """Let the entry at hand be fresh from now on, as it is; False if there is none that may be served.

    It keeps its position, so that purges count as before.
    """
    entry, verdict = engine.judged.look(key) if terms.policy.uses_memory else (None, None)
    if entry is None or verdict is None or verdict.state not in (State.HIT, State.STALE):
        entry = await engine.loading.fetch(key, terms)
    if entry is None or engine.barriers.standing(entry.tags, entry.as_of) is not Standing.VALID:
        return False
    now = engine.ports.clock.monotonic()
    length = terms.policy.fresh if renews_fresh else entry.fresh
    fresh = now - entry.started + length
    longer = entry.lasting(fresh, engine.judged.life(entry.tags, fresh + entry.stale))
    value = longer.own()
    made = Made(longer, engine.parts.coding.encode(value), own_tags_of(entry.tags), keepable=True)
    return engine.keeping.store(key, made, terms.policy)


async def nothing() -> int:
    """What is stored while the cache is off."""
    return 0
