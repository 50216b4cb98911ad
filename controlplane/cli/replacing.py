"""`wedcache purge --replace`: fetch, compare, purge, warm again; for a wedding's own tags, also in its window."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from controlplane.cli import session
from controlplane.errors import BadInput

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.cli.glass_door import Door
    from controlplane.operations.replace import Comparison

Output = Literal["text", "json"]


def replaced(plant: Plant, door: Door, tags: Sequence[str], *, plan: bool, yes: bool, output: Output) -> int:
    """Replace what carries `tags`, unless every copy is as the origin's already. Raises as purge and warm do."""
    from controlplane.domain.instant import zulu
    from controlplane.domain.purge import PurgeRequest
    from controlplane.domain.purge_log import Kind
    from controlplane.operations.purge import purge
    from controlplane.operations.warm import warm

    found = _compared(plant, tags)
    session.say(f"{len(found.other)} of {len(found.targets)} copies differ from the origin's")
    for one in found.other[:10]:
        session.say(f"  https://{one.host}{one.path} at {one.pop}")
    facts = {"tags": list(tags), "targets": len(found.targets), "differed": len(found.other)}
    if plan or not found.other:
        if output == "json":
            session.show_json({"schema": "wedcache.replace-plan/1", **facts})
        elif not plan:
            session.show(["nothing was purged: every copy is as the origin's"])
        return 0
    session.confirm("purge them and warm them again?", yes=yes)
    door.enter()
    at = zulu(plant.clock.now())
    request = PurgeRequest(id=plant.operation_id("purge"), tags=tuple(tags), kind=Kind.HARD, by=plant.me, at=at)
    regions = [region.name for region in plant.inventory.regions]
    report = purge(request, store=plant.store, cdns=plant.cdns, regions=regions, clock=plant.clock, pause=time.sleep)
    warmed = warm(found.plan, plant.probe, lambda *_: None)
    if output == "json":
        told = {"id": report.id, "verdict": door.verdict, **facts, "proven": warmed.proven}
        session.show_json({"schema": "wedcache.replace-report/1", **told})
    else:
        session.show([f"{report.id}: {warmed.proven} of {warmed.total} copies are the origin's, and warm again"])
    return 0


def weddings_of(tags: Sequence[str]) -> list[str]:
    """The wedding of each tag. Raises BadInput for a tag that others carry too."""
    from controlplane.domain.tags import owner_of

    shared = [tag for tag in tags if owner_of(tag) is None]
    if shared:
        raise BadInput(
            f"--replace wants tags of weddings alone; {', '.join(shared)} is carried by others too",
            next_step="wedcache purge wedding:como --replace",
        )
    return [str(owner_of(tag)) for tag in tags]


def _compared(plant: Plant, tags: Sequence[str]) -> Comparison:
    from controlplane.domain.roles import ROLES_KEY, current
    from controlplane.operations.replace import compare
    from controlplane.operations.warm import manifests

    names = set(weddings_of(tags))
    edges = {host: plant.edges[host] for entry in plant.weddings if entry.wedding in names for host in entry.hosts}
    unknown = names - {entry.wedding for entry in plant.weddings}
    if unknown:
        raise BadInput(f"no wedding {', '.join(sorted(unknown))}")
    home = plant.inventory.region(current(plant.store.read(ROLES_KEY), plant.inventory.home).home)
    pages = [(host, page) for host, listed in manifests(plant.probe, edges, plant.pops).items() for page in listed]
    return compare(
        pages,
        tags,
        lambda host, path: plant.origins.fetch(home, host, path),
        plant.probe,
        lambda host: (edges[host], plant.pops[edges[host]]),
    )
