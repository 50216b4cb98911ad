"""`wedcache purge`: make every tier forget what carries a tag."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from controlplane.cli import session
from controlplane.errors import BadInput

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.cli.glass_door import Door
    from controlplane.domain.purge_log import Kind

Output = Literal["text", "json"]


def purge(
    *tags: str,
    hard: bool = False,
    replace: bool = False,
    except_frozen: bool = False,
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
    replace
        Ask the origin first, purge what differs (hard), and warm it again: for a wedding's own tags, in its window too.
    except_frozen
        Leave the weddings out that are in their window: a vendor's tag becomes its other weddings' tags.
    plan
        Print what would be purged where, and stop.
    yes
        Do not ask.
    break_glass
        The text of a grant that two persons signed: past a freeze, once.
    output
        text or json (wedcache.purge-report/1).
    """
    from controlplane.cli import glass_door, replacing
    from controlplane.cli.scopes import other_tags, scope_of_tags
    from controlplane.domain.operation import Operation
    from controlplane.domain.purge_log import Kind
    from controlplane.domain.scope import wedding
    from controlplane.operations import admit

    scopes = scope_of_tags(tags)
    if replace and except_frozen:
        raise BadInput("--replace is for weddings in their window: --except-frozen leaves them out")
    if replace:
        scopes = [wedding(name) for name in replacing.weddings_of(tags)]
    plant = session.plant()
    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    operation, at = Operation.PURGE_HARD if hard else Operation.PURGE_SOFT, plant.clock.now()
    operation = Operation.PURGE_REPLACE if replace else operation
    tags = tuple(dict.fromkeys(tags))
    if except_frozen:
        tags, left_out = other_tags(tags, calendar, at)
        session.say(f"left out, in their window: {', '.join(left_out) or 'none'}")
        scopes = scope_of_tags(tags)
    verdicts = [admit.verdict(operation, scope, at, calendar) for scope in scopes]
    door = glass_door.passage(plant, verdicts, break_glass, door="wedcache purge", what=tags)
    if replace:
        return replacing.replaced(plant, door, tags, plan=plan, yes=yes, output=output)
    return _perform(plant, door, Kind.HARD if hard else Kind.SOFT, tags, plan, yes, output)


def _perform(plant: Plant, door: Door, kind: Kind, tags: tuple[str, ...], plan: bool, yes: bool, output: Output) -> int:
    from controlplane.domain.instant import zulu
    from controlplane.domain.purge import PurgeRequest
    from controlplane.operations.purge import purge as perform

    regions = [region.name for region in plant.inventory.regions]
    session.say(f"plan: {kind.value} purge of {', '.join(tags)} in {', '.join(regions)}, cloudfront, cloudflare")
    if plan:
        if output == "json":
            where = [*regions, "cloudfront", "cloudflare"]
            session.show_json({"schema": "wedcache.purge-plan/1", "kind": kind.value, "tags": tags, "where": where})
        return 0
    session.confirm("purge?", yes=yes)
    door.enter()
    at = zulu(plant.clock.now())
    request = PurgeRequest(id=plant.operation_id("purge"), tags=tags, kind=kind, by=plant.me, at=at)
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
