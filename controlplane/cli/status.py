"""`wedcache status`: which region serves, what the vantage points say, which freeze holds, what is open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from controlplane.cli import session
from controlplane.cli.diagnosing import broken_lines

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.operations.observe_regions import Sight

Output = Literal["text", "json"]


def status(*, output: Output = "text") -> int:
    """Show home, regions, what is broken and what to do, calendar and open operations; offline, what is known here.

    Parameters
    ----------
    output
        text or json (wedcache.status/1).
    """
    from controlplane.errors import Unavailable

    plant = session.plant()
    known = _known(plant)
    away: Unavailable | None = None
    try:
        seen = _seen(plant)
    except Unavailable as error:
        seen, away = _UNSEEN, error
    found = {**known, **seen, "unavailable": None if away is None else str(away)}
    if output == "json":
        session.show_json(found)
    else:
        session.show(_lines(found))
    if away is not None:
        raise away
    return 0


_UNSEEN: dict[str, Any] = {
    "home": None,
    "roles_epoch": None,
    "down": [],
    "drained": [],
    "regions": [],
    "broken": [],
    "time_to_impact": None,
    "open": [],
    "emergency": [],
    "weddings": [],
}


def _known(plant: Plant) -> dict[str, Any]:
    """What the last good copies on this machine answer when the shared store does not."""
    from controlplane.domain.instant import zulu
    from controlplane.operations.admit import known_calendar

    inventory = {"age": round(plant.inventory_copy.age), "fresh": plant.inventory_copy.fresh}
    calendar, text = known_calendar(plant.store, plant.last_good_calendar)
    if text is not None:
        plant.keep_calendar(text)
    now = plant.clock.now()
    rules = calendar.everything.holding(now) if calendar else ()
    made = None if calendar is None else calendar.made
    return {
        "schema": "wedcache.status/1",
        "at": zulu(now),
        "inventory": inventory,
        "calendar": None
        if made is None
        else {"epoch": made.epoch, "valid_until": zulu(made.valid_until), "expired": now >= made.valid_until},
        "frozen": [{"id": rule.id, "end": zulu(rule.end), "local_end": rule.local_end} for rule in rules],
    }


def _seen(plant: Plant) -> dict[str, Any]:
    from controlplane.cli.diagnosing import shown
    from controlplane.domain.diagnosis import diagnose, found_broken
    from controlplane.domain.roles import ROLES_KEY, current
    from controlplane.operations.emergency import journal_of
    from controlplane.operations.intents import open_cards
    from controlplane.operations.observe_regions import look

    inventory = plant.inventory
    claims = journal_of(plant.store).claims
    roles = current(plant.store.read(ROLES_KEY), inventory.home)
    names = [region.name for region in inventory.regions]
    sight = look(plant.store, plant.steering, names, plant.clock, time.sleep)
    broken = found_broken(diagnose(sight.sighted(roles, plant.clock.now())))
    soonest = [one.impact.first for one in broken if one.impact.first is not None]
    return {
        "home": roles.home,
        "roles_epoch": roles.epoch,
        "down": list(roles.down),
        "drained": list(roles.drained),
        "regions": [_region(name, sight) for name in names],
        "broken": [shown(one) for one in broken],
        "time_to_impact": min(soonest, default=None),
        "open": [{"id": card.id, "operation": card.operation.value, "by": card.by} for card in open_cards(plant.store)],
        "emergency": [{"scope": scope, "by": claim.by, "until": claim.until} for scope, claim in claims.items()],
        "weddings": [entry.wedding for entry in plant.weddings],
    }


def _region(name: str, sight: Sight) -> dict[str, Any]:
    beat = sight.heartbeats.get(name)
    verdict = sight.verdicts[name]
    return {
        "name": name,
        "lost": verdict.is_lost,
        "views": {point: health.value for point, health in verdict.views.items()},
        "agent": None
        if beat is None
        else {
            "lives": name in sight.living,
            "calendar_epoch": beat.calendar_epoch,
            "roles_epoch": beat.roles_epoch,
            "cache_answers": beat.cache_answers,
            "trouble": beat.trouble,
        },
        "pool_enabled": None if sight.enabled is None else sight.enabled.get(name),
    }


def _lines(found: dict[str, Any]) -> list[str]:
    copy = "" if found["inventory"]["fresh"] else f" (inventory: last good copy, {found['inventory']['age']} s old)"
    home = "unknown" if found["home"] is None else f"{found['home']} (roles epoch {found['roles_epoch']})"
    lines = [f"home      {home}{copy}"]
    for region in found["regions"]:
        lines += _region_lines(region, found)
    for one in found["broken"]:
        lines += broken_lines(one)
    calendar = found["calendar"]
    if calendar is None or calendar["expired"]:
        lines.append("calendar  unknown: changes are refused; `wedcache freeze push`")
    else:
        lines.append(f"calendar  epoch {calendar['epoch']}, valid until {calendar['valid_until']}")
    lines += [f"frozen    {rule['id']} until {rule['local_end']}" for rule in found["frozen"]] or ["frozen    nothing"]
    lines += [f"EMERGENCY {one['scope']} until {one['until'] or 'told'}, by {one['by']}" for one in found["emergency"]]
    lines += [f"open      {card['operation']} {card['id']} by {card['by']}" for card in found["open"]]
    if found["unavailable"] is None:
        lines.append(f"weddings  {', '.join(found['weddings']) or 'none'}")
    return lines


def _region_lines(region: dict[str, Any], found: dict[str, Any]) -> list[str]:
    name, agent = region["name"], region["agent"]
    state = "down" if name in found["down"] else "LOST" if region["lost"] else "ok"
    state += ", drained" if name in found["drained"] else ""
    views = ", ".join(f"{point} {health}" for point, health in region["views"].items()) or "nobody looks"
    told = "never spoke" if agent is None else "lives" if agent["lives"] else "silent"
    if agent is not None and not agent["cache_answers"]:
        told += "; its Redis does not answer"
    troubles = agent["trouble"].items() if agent is not None and agent["lives"] else ()
    return [
        f"region    {name:<14} {state:<5} {views}",
        f"  agent   {told}",
        *(f"  trouble {duty}: {words}" for duty, words in troubles),
    ]
