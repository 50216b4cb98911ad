"""`wedcache failover` and `wedcache failback`: leave a region that is lost, and return to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from controlplane.cli import glass_door, session
from controlplane.errors import Refused

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.failover import Intent, Operation, What
    from controlplane.domain.roles import Roles
    from controlplane.operations.observe_regions import Sight

Output = Literal["text", "json"]
Whats = Literal["caches", "origin", "region"]


def failover(
    region: str, /, *, what: Whats | None = None, plan: bool = False, yes: bool = False, output: Output = "text"
) -> int:
    """Leave a region that two of three vantage points call down, or what of it is broken.

    Parameters
    ----------
    region
        The region to leave.
    what
        caches (only reads move, no role), origin or region; without it what `wedcache status` advises.
    plan
        Print what would be done, and stop.
    yes
        Do not ask.
    output
        text or json (wedcache.failover/1).
    """
    from controlplane.domain.failover import Operation, What
    from controlplane.domain.health import standby_for

    plant = session.plant()
    _check_nothing_open(plant)
    roles, sight = _look(plant, region)
    verdict = sight.verdicts[region]
    session.say(verdict.sentence())
    if region in roles.down:
        raise Refused(f"{region} was left already; home is {roles.home}")
    if roles.home != region and not verdict.is_lost:
        raise Refused(f"{region} is not home (home is {roles.home}); there is nothing to leave")
    leaves = _leaves(plant, region, None if what is None else What(what), roles, sight)
    names = [one.name for one in plant.inventory.regions] if roles.home == region else [roles.home]
    target = standby_for(region, names, sight.verdicts)
    if target is None:
        raise Refused("no other region is healthy; stale content keeps being served")
    epoch = roles.epoch if leaves is What.CACHES else roles.epoch + 1
    return _perform(plant, _intent(plant, Operation.FAILOVER, (region, target), epoch, leaves), plan, yes, output)


def _leaves(plant: Plant, region: str, wanted: What | None, roles: Roles, sight: Sight) -> What:
    """What to leave: as was said, or as the diagnosis advises. Raises Refused where it advises to do nothing."""
    from controlplane.cli.diagnosing import broken_lines, shown
    from controlplane.domain.diagnosis import Broken, diagnose, why_not
    from controlplane.domain.failover import What

    found = next(one for one in diagnose(sight.sighted(roles, plant.clock.now())) if one.subject == region)
    if found.broken is not Broken.NOTHING:
        for line in broken_lines(shown(found)):
            session.say(line)
    is_lost = sight.verdicts[region].is_lost
    leaves = wanted or found.what
    if leaves is None and found.broken not in (Broken.NOTHING, Broken.UNSURE):
        raise Refused(
            f"{region}: {found.because}; {found.advice}",
            next_step=f"`wedcache failover {region} --what caches` moves reads all the same",
        )
    reason = why_not(leaves or What.REGION, found, is_lost=is_lost)
    if reason:
        raise Refused(reason, next_step="`wedcache status` shows each view; a planned move is a switchover")
    if leaves is What.CACHES and roles.home != region:
        raise Refused(f"guests' reads do not go to {region}; home is {roles.home}")
    return leaves or What.REGION


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
    from controlplane.domain.failover import Operation, What
    from controlplane.domain.scope import parse_scope
    from controlplane.operations import admit
    from controlplane.operations.intents import left_caches

    plant = session.plant()
    _check_nothing_open(plant)
    roles, sight = _look(plant, region)
    calendar, _ = admit.known_calendar(plant.store, plant.last_good_calendar)
    facts = freeze.Facts(standby_unhealthy=roles.home in sight.verdicts and sight.verdicts[roles.home].is_lost)
    at = plant.clock.now()
    verdicts = [admit.verdict(doors.Operation.FAILBACK, parse_scope("platform"), at, calendar, facts)]
    door = glass_door.passage(plant, verdicts, break_glass, door="wedcache failback", what=[region])
    what = What.CACHES if left_caches(plant.store, region) else What.REGION
    if region not in roles.down and what is not What.CACHES:
        raise Refused(f"{region} is not down (home is {roles.home}, epoch {roles.epoch}); there is nothing to return")
    session.say(sight.verdicts[region].sentence())
    if not _is_ready(sight, region):
        raise Refused(
            f"{region} is not healthy yet: its agent has to live and to reach its Redis",
            next_step="`wedcache status` shows each view; wake the region and its agent first",
        )
    target = region if region == plant.inventory.home or what is What.CACHES else roles.home
    epoch = roles.epoch if what is What.CACHES else roles.epoch + 1
    intent = _intent(plant, Operation.FAILBACK, (region, target), epoch, what)
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


def _intent(plant: Plant, operation: Operation, move: tuple[str, str], epoch: int, what: What) -> Intent:
    """A new card; `move` is the region that is left or returned to, and the one that guests reach afterwards."""
    import hashlib

    from controlplane.domain.failover import Intent
    from controlplane.domain.instant import zulu

    region, target = move
    digest = hashlib.sha256(f"{operation.value}|{region}|{target}|{epoch}|{what.value}".encode()).hexdigest()
    return Intent(
        id=plant.operation_id(operation.value),
        operation=operation,
        region=region,
        target=target,
        what=what,
        epoch=epoch,
        by=plant.me,
        begun_at=zulu(plant.clock.now()),
        digest=digest,
    )


def _perform(
    plant: Plant, intent: Intent, plan: bool, yes: bool, output: Output, enter: Callable[[], None] = lambda: None
) -> int:
    from controlplane.cli.performing import moving_means, performing
    from controlplane.domain.failover import steps_of
    from controlplane.domain.failover_switches import switch
    from controlplane.operations.fail_over import begin, reconcile

    session.say(
        f"plan {intent.id}: {intent.what.value} of {intent.region} -> {intent.target}, roles epoch {intent.epoch}"
    )
    rows = [switch(step) for step in steps_of(intent.operation, intent.what)]
    for row in rows:
        session.say(f"  {row.step.value:<7} {row.surface}: {row.plane}, at most {row.bound:g} s")
    if plan:
        if output == "json":
            told = [{**asdict(row), "step": row.step.value} for row in rows]
            session.show_json({**_facts(intent, "wedcache.failover-plan/1"), "steps": told})
        return 0
    session.confirm(f"{intent.operation.value}?", yes=yes)
    enter()
    try:
        with performing(plant, intent, begins=True) as act:
            means = moving_means(plant, act)
            done = reconcile(means, begin(means, intent))
    except KeyboardInterrupt:
        session.say(f"cut off in the middle: `wedcache ops resume {intent.id}` goes on from here, on any machine")
        raise
    if output == "json":
        session.show_json({**_facts(done, "wedcache.failover/1"), "seconds": done.seconds})
    else:
        session.show([f"{done.operation.value} {done.id} is done: {done.home} is home, guests reach {done.target}"])
    return 0


def _facts(intent: Intent, schema: str) -> dict[str, object]:
    return {
        "schema": schema,
        "id": intent.id,
        "operation": intent.operation.value,
        "region": intent.region,
        "target": intent.target,
        "what": intent.what.value,
        "epoch": intent.epoch,
    }
