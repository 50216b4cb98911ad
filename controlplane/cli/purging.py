"""`wedcache purge`: make every tier forget what carries a tag."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

from controlplane.cli import session

Output = Literal["text", "json"]


def purge(
    *tags: str,
    hard: bool = False,
    plan: bool = False,
    yes: bool = False,
    break_glass: Path | None = None,
    output: Output = "text",
) -> int:
    """Purge by cache tag in memory, Redis and both CDNs.

    Parameters
    ----------
    tags
        Cache tags: wedding:como, page:schedule, vendor:florist-7 ...
    hard
        Make every tier forget; without it what is there may still be served as stale (soft).
    plan
        Print what would be purged where, and stop.
    yes
        Do not ask.
    break_glass
        The text of a grant that two persons signed: past a freeze, once.
    output
        text or json (wedcache.purge-report/1).
    """
    from controlplane.cli import glass_door
    from controlplane.cli.scopes import scope_of_tags
    from controlplane.domain.instant import zulu
    from controlplane.domain.operation import Operation
    from controlplane.domain.purge import PurgeRequest
    from controlplane.domain.purge_log import Kind
    from controlplane.operations import admit
    from controlplane.operations.purge import purge as perform

    scopes = scope_of_tags(tags)
    tags = tuple(dict.fromkeys(tags))
    plant = session.plant()
    at = plant.clock.now()
    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    operation = Operation.PURGE_HARD if hard else Operation.PURGE_SOFT
    verdicts = [admit.verdict(operation, scope, at, calendar) for scope in scopes]
    door = glass_door.passage(plant, verdicts, break_glass, door="wedcache purge", what=tags)
    kind = Kind.HARD if hard else Kind.SOFT
    regions = [region.name for region in plant.inventory.regions]
    session.say(f"plan: {kind.value} purge of {', '.join(tags)} in {', '.join(regions)}, cloudfront, cloudflare")
    if plan:
        if output == "json":
            where = [*regions, "cloudfront", "cloudflare"]
            session.show_json({"schema": "wedcache.purge-plan/1", "kind": kind.value, "tags": tags, "where": where})
        return 0
    session.confirm("purge?", yes=yes)
    door.enter()
    request = PurgeRequest(id=plant.operation_id("purge"), tags=tags, kind=kind, by=plant.me, at=zulu(at))
    report = perform(request, store=plant.store, cdns=plant.cdns, regions=regions, clock=plant.clock, pause=time.sleep)
    if output == "json":
        session.show_json(
            {
                "schema": "wedcache.purge-report/1",
                "id": report.id,
                "verdict": door.verdict,
                "confirmed": report.confirmed,
                "owed": [],
            }
        )
    else:
        session.show([f"{name:<14} confirmed after {seconds:.2f} s" for name, seconds in report.confirmed.items()])
    return 0
