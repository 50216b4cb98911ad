"""`wedcache takedown`: make something vanish at once, and stay gone. Admitted in any freeze."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import cyclopts

from controlplane.cli import session

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.cli.performing import Performance
    from controlplane.domain.takedown import TakedownCard, Taken
    from controlplane.operations.take_down import TakedownMeans

Output = Literal["text", "json"]


def takedown(
    *targets: str,
    tag: tuple[str, ...] = (),
    list_: Annotated[bool, cyclopts.Parameter(name="--list")] = False,
    plan: bool = False,
    yes: bool = False,
    output: Output = "text",
) -> int:
    """Deny at both CDNs and in every region, then purge every tier, then see at every POP that it is gone (410).

    Parameters
    ----------
    targets
        photo:como.3 (all its sizes), wedding:como, or a URL; a URL with * at its end means all that begin so.
    tag
        A cache tag whose copies are purged for a URL that does not name a photo. Again for more.
    list_
        Show what is taken down, and stop.
    plan
        Print what would be denied and purged, and stop.
    yes
        Do not ask.
    output
        text or json (wedcache.takedown/1).
    """
    plant = session.plant()
    if list_:
        return _listed(plant, output)
    card = new_card(plant, targets, tag)
    _admitted(plant, card)
    _say_plan(plant, card)
    if plan:
        if output == "json":
            session.show_json(_facts(plant, card, "wedcache.takedown-plan/1"))
        return 0
    session.confirm(f"take down {card.target}?", yes=yes)
    done = _performed(plant, card)
    if output == "json":
        session.show_json(_facts(plant, done, "wedcache.takedown/1") | {"seconds": done.seconds})
    else:
        session.show([f"{done.id} is done: {done.target} is gone at every POP"])
    return 0


def new_card(plant: Plant, targets: tuple[str, ...], tags: tuple[str, ...]) -> TakedownCard:
    """A new takedown's card. Raises BadInput for what cannot be taken down."""
    from controlplane.domain.instant import zulu
    from controlplane.domain.takedown import TakedownCard, digest_of, sample_urls
    from controlplane.domain.takedown_targets import takes_of
    from controlplane.operations.take_down import register_of

    takes = takes_of(tuple(dict.fromkeys(targets)), tags, plant.weddings, plant.edges)
    return TakedownCard(
        id=plant.operation_id("takedown"),
        target=" ".join(takes),
        epoch=register_of(plant.store).epoch + 1,
        digest=digest_of(takes),
        by=plant.me,
        begun_at=zulu(plant.clock.now().replace(microsecond=0)),
        takes=takes,
        urls=sample_urls(takes, _known_paths(plant, takes)),
    )


def means(plant: Plant, act: Performance) -> TakedownMeans:
    """What a takedown works with."""
    from controlplane.operations.take_down import TakedownMeans

    return TakedownMeans(
        store=act.store,
        edge=plant.edge_store,
        denials=plant.path_denials,
        cdns=plant.cdns,
        probe=plant.probe,
        regions=[region.name for region in plant.inventory.regions],
        edges=plant.edges,
        pops=plant.pops,
        clock=plant.clock,
        pause=time.sleep,
        check=act.check,
        record=act.record,
        tell=act.told,
    )


def _performed(plant: Plant, card: TakedownCard) -> TakedownCard:
    from controlplane.cli.performing import performing
    from controlplane.operations.take_down import begin, reconcile

    try:
        with performing(plant, card, begins=True) as act:
            return reconcile(means(plant, act), begin(act.store, card))
    except KeyboardInterrupt:
        session.say(f"cut off in the middle: `wedcache ops resume {card.id}` goes on from here, on any machine")
        raise


def _known_paths(plant: Plant, takes: Mapping[str, Taken]) -> dict[str, tuple[str, ...]]:
    """The paths that the touched hosts' own manifests name; without an answer none, and the patterns are looked at."""
    from controlplane.domain.warming import parse_manifest
    from controlplane.operations.warm import MANIFEST
    from controlplane.ports.edge_probe import Ask

    found: dict[str, tuple[str, ...]] = {}
    for host in {host for taken in takes.values() for host, _ in taken.paths}:
        edge = plant.edges[host]
        answer = plant.probe.fetch(Ask(host, MANIFEST, edge, next(iter(plant.pops[edge]), None)))
        try:
            found[host] = tuple(page.path for page in parse_manifest(answer.body)) if answer.status == 200 else ()
        except ValueError:
            found[host] = ()
        if not found[host]:
            session.say(f"{host} does not say which paths it has: only what was named is looked at afterwards")
    return found


def _admitted(plant: Plant, card: TakedownCard) -> None:
    """Ask the table like every other command: it answers ADMITTED in any window, also without a calendar."""
    from controlplane.domain.operation import Operation
    from controlplane.domain.scope import parse_scope
    from controlplane.domain.takedown_targets import weddings_of
    from controlplane.operations import admit

    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    scopes = [f"wedding:{name}" for name in weddings_of(card.takes, plant.weddings)] or ["platform"]
    for scope in scopes:
        session.admit(admit.verdict(Operation.TAKEDOWN, parse_scope(scope), plant.clock.now(), calendar))


def _say_plan(plant: Plant, card: TakedownCard) -> None:
    session.say(f"plan {card.id}: {card.target}")
    for taken in card.takes.values():
        for host, pattern in taken.paths:
            session.say(f"  deny    https://{host}{pattern} (410) at {plant.edges[host]}, and in every region")
        session.say(f"  purge   {', '.join(taken.purge)} in every region, cloudfront and cloudflare")
    session.say(f"  verify  {len(card.urls)} URLs at every POP")


def _facts(plant: Plant, card: TakedownCard, schema: str) -> dict[str, Any]:
    return {
        "schema": schema,
        "id": card.id,
        "targets": list(card.takes),
        "denied": [f"https://{host}{pattern}" for taken in card.takes.values() for host, pattern in taken.paths],
        "purged": sorted({tag for taken in card.takes.values() for tag in taken.purge}),
        "urls": [f"https://{host}{path}" for host, path in card.urls],
        "pops": sorted({pop for host, _ in card.urls for pop in plant.pops[plant.edges[host]]}),
    }


def _listed(plant: Plant, output: Output) -> int:
    from controlplane.operations.take_down import register_of

    register = register_of(plant.store)
    if output == "json":
        session.show_json(register.model_dump(mode="json", by_alias=True))
    else:
        lines = [f"{target:<20} since {one.at} by {one.by}" for target, one in register.entries.items()]
        session.show(lines or ["nothing is taken down"])
    return 0
