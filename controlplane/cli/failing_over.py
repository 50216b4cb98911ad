"""`wedcache failover` and `wedcache failback`: leave a region that is lost, and return to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from controlplane.cli import glass_door, session
from controlplane.errors import Refused

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.failover import Intent, Operation
    from controlplane.domain.roles import Roles
    from controlplane.operations.observe_regions import Sight

Output = Literal["text", "json"]


def failover(region: str, /, *, plan: bool = False, yes: bool = False, output: Output = "text") -> int:
    """Leave a region that two of three vantage points call down.

    Parameters
    ----------
    region
        The region to leave.
    plan
        Print what would be done, and stop.
    yes
        Do not ask.
    output
        text or json (wedcache.failover/1).
    """
    from controlplane.domain.failover import Operation
    from controlplane.domain.health import standby_for

    plant = session.plant()
    _check_nothing_open(plant)
    roles, sight = _look(plant, region)
    verdict = sight.verdicts[region]
    session.say(verdict.sentence())
    if roles.home != region:
        raise Refused(f"{region} is not home (home is {roles.home}); there is nothing to leave")
    if not verdict.is_lost:
        raise Refused(
            f"{region} is not lost: no action in a minority view",
            next_step="`wedcache status` shows each view; a planned move is a switchover",
        )
    target = standby_for(region, [one.name for one in plant.inventory.regions], sight.verdicts)
    if target is None:
        raise Refused("no other region is healthy; stale content keeps being served")
    return _perform(plant, _intent(plant, Operation.FAILOVER, region, target, roles.epoch + 1), plan, yes, output)


def failback(
    region: str,
    /,
    *,
    plan: bool = False,
    yes: bool = False,
    break_glass: Path | None = None,
    output: Output = "text",
) -> int:
    """Return to a region that is healthy again. Refused inside a freeze window.

    Parameters
    ----------
    region
        The region to return to.
    plan
        Print what would be done, and stop.
    yes
        Do not ask.
    break_glass
        The text of a grant that two persons signed: past a freeze, once.
    output
        text or json (wedcache.failover/1).
    """
    from controlplane.domain import freeze
    from controlplane.domain import operation as doors
    from controlplane.domain.failover import Operation
    from controlplane.domain.scope import parse_scope
    from controlplane.operations import admit

    plant = session.plant()
    _check_nothing_open(plant)
    roles, sight = _look(plant, region)
    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    facts = freeze.Facts(standby_unhealthy=roles.home in sight.verdicts and sight.verdicts[roles.home].is_lost)
    at = plant.clock.now()
    verdicts = [admit.verdict(doors.Operation.FAILBACK, parse_scope("platform"), at, calendar, facts)]
    door = glass_door.passage(plant, verdicts, break_glass, door="wedcache failback", what=[region])
    if region not in roles.down:
        raise Refused(f"{region} is not down (home is {roles.home}, epoch {roles.epoch}); there is nothing to return")
    session.say(sight.verdicts[region].sentence())
    if not _is_ready(sight, region):
        raise Refused(
            f"{region} is not healthy yet: its agent has to live and to reach its Redis",
            next_step="`wedcache status` shows each view; wake the region and its agent first",
        )
    intent = _intent(plant, Operation.FAILBACK, region, region, roles.epoch + 1)
    return _perform(plant, intent, plan, yes, output, door.enter)


def _is_ready(sight: Sight, region: str) -> bool:
    """A drained region answers 503 on its health path on purpose: what counts is what its living agent says."""
    return region in sight.living and sight.heartbeats[region].cache_answers


def _check_nothing_open(plant: Plant) -> None:
    from controlplane.operations.intents import acting

    card = acting(plant.store)
    if card is not None:
        raise Refused(
            f"{card.operation.value} {card.id} of {card.region} is open, begun by {card.by}",
            next_step=f"`wedcache ops resume {card.id}` finishes it",
        )


def _look(plant: Plant, region: str) -> tuple[Roles, Sight]:
    from controlplane.domain.roles import ROLES_KEY, current
    from controlplane.errors import BadInput
    from controlplane.operations.observe_regions import look

    names = [one.name for one in plant.inventory.regions]
    if region not in names:
        raise BadInput(f"no region {region!r}; the inventory has {', '.join(names)}")
    sight = look(plant.store, plant.steering, names, plant.clock, time.sleep)
    return current(plant.store.read(ROLES_KEY), plant.inventory.home), sight


def _intent(plant: Plant, operation: Operation, region: str, target: str, epoch: int) -> Intent:
    import hashlib

    from controlplane.domain.failover import Intent
    from controlplane.domain.instant import zulu

    digest = hashlib.sha256(f"{operation.value}|{region}|{target}|{epoch}".encode()).hexdigest()
    return Intent(
        id=plant.operation_id(operation.value),
        operation=operation,
        region=region,
        target=target,
        epoch=epoch,
        by=plant.me,
        begun_at=zulu(plant.clock.now()),
        digest=digest,
    )


def _perform(
    plant: Plant, intent: Intent, plan: bool, yes: bool, output: Output, enter: Callable[[], None] = lambda: None
) -> int:
    from controlplane.cli.performing import performing
    from controlplane.domain.failover import planes
    from controlplane.operations.fail_over import begin, reconcile

    session.say(f"plan {intent.id}: {intent.region} -> {intent.target}, roles epoch {intent.epoch}")
    steps = planes(intent.operation)
    for step, plane in steps.items():
        session.say(f"  {step.value:<7} {plane}")
    if plan:
        if output == "json":
            rows = [{"step": step.value, "plane": plane} for step, plane in steps.items()]
            session.show_json({**_facts(intent, "wedcache.failover-plan/1"), "steps": rows})
        return 0
    session.confirm(f"{intent.operation.value}?", yes=yes)
    enter()
    try:
        with performing(plant, intent, begins=True) as act:
            means = plant.means(act.told, act.check)
            done = reconcile(means, begin(means, intent))
    except KeyboardInterrupt:
        session.say(f"cut off in the middle: `wedcache ops resume {intent.id}` goes on from here, on any machine")
        raise
    if output == "json":
        session.show_json({**_facts(done, "wedcache.failover/1"), "seconds": done.seconds})
    else:
        session.show([f"{done.operation.value} {done.id} is done: {done.target} is home"])
    return 0


def _facts(intent: Intent, schema: str) -> dict[str, object]:
    return {
        "schema": schema,
        "id": intent.id,
        "operation": intent.operation.value,
        "region": intent.region,
        "target": intent.target,
        "epoch": intent.epoch,
    }
