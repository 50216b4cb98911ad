"""`wedcache status`: which region serves, what the vantage points say, which freeze holds, what is open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from controlplane.cli import session

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant

Output = Literal["text", "json"]


def status(*, output: Output = "text") -> int:
    """Show home, regions, agents, calendar and open operations.

    Parameters
    ----------
    output
        text or json (wedcache.status/1).
    """
    found = _look(session.plant())
    if output == "json":
        session.show_json(found)
    else:
        session.show(_lines(found))
    return 0


def _look(plant: Plant) -> dict[str, Any]:
    from controlplane.domain.instant import zulu
    from controlplane.domain.roles import ROLES_KEY, current
    from controlplane.operations.admit import known_calendar
    from controlplane.operations.intents import open_intents
    from controlplane.operations.observe_regions import heartbeats, observe

    inventory = plant.inventory
    names = [region.name for region in inventory.regions]
    before = heartbeats(plant.store, names)
    calendar, text = known_calendar(plant.store, plant.last_good_calendar)
    if text is not None:
        plant.keep_calendar(text)
    roles = current(plant.store.read(ROLES_KEY), inventory.home)
    now = plant.clock.now()
    time.sleep(1.2)  # an agent beats once a second: one that does not move is silent
    sight = observe(plant.store, plant.steering, names, before)
    rules = calendar.everything.holding(now) if calendar else ()
    return {
        "schema": "wedcache.status/1",
        "at": zulu(now),
        "home": roles.home,
        "roles_epoch": roles.epoch,
        "down": list(roles.down),
        "inventory": {"age": round(plant.inventory_copy.age), "fresh": plant.inventory_copy.fresh},
        "calendar": None
        if calendar is None
        else {"epoch": calendar.made.epoch, "valid_until": zulu(calendar.made.valid_until)},
        "frozen": [{"id": rule.id, "end": zulu(rule.end), "local_end": rule.local_end} for rule in rules],
        "regions": [_region(name, sight.verdicts[name], sight, before) for name in names],
        "open": [
            {"id": card.id, "operation": card.operation.value, "by": card.by} for card in open_intents(plant.store)
        ],
        "weddings": [entry.wedding for entry in plant.weddings],
    }


def _region(name: str, verdict: Any, sight: Any, before: Any) -> dict[str, Any]:
    beat = sight.heartbeats.get(name)
    lives = beat is not None and (name not in before or before[name].beat != beat.beat)
    return {
        "name": name,
        "lost": verdict.is_lost,
        "views": {point: health.value for point, health in verdict.views.items()},
        "agent": None
        if beat is None
        else {
            "lives": lives,
            "calendar_epoch": beat.calendar_epoch,
            "roles_epoch": beat.roles_epoch,
            "cache_answers": beat.cache_answers,
        },
        "pool_enabled": None if sight.enabled is None else sight.enabled.get(name),
    }


def _lines(found: dict[str, Any]) -> list[str]:
    copy = "" if found["inventory"]["fresh"] else f" (last good copy, {found['inventory']['age']} s old)"
    lines = [f"home      {found['home']} (roles epoch {found['roles_epoch']}){copy}"]
    for region in found["regions"]:
        state = "LOST" if region["lost"] else "ok"
        views = ", ".join(f"{point} {health}" for point, health in region["views"].items()) or "nobody looks"
        lines.append(f"region    {region['name']:<14} {state:<5} {views}")
        agent = region["agent"]
        told = "never spoke" if agent is None else "lives" if agent["lives"] else "silent"
        lines.append(
            f"  agent   {told}" + ("" if agent is None or agent["cache_answers"] else "; its Redis does not answer")
        )
    calendar = found["calendar"]
    lines.append(
        "calendar  unknown: changes are refused; `wedcache freeze push`"
        if calendar is None
        else f"calendar  epoch {calendar['epoch']}, valid until {calendar['valid_until']}"
    )
    lines += [f"frozen    {rule['id']} until {rule['local_end']}" for rule in found["frozen"]] or ["frozen    nothing"]
    lines += [f"open      {card['operation']} {card['id']} by {card['by']}" for card in found["open"]]
    lines.append(f"weddings  {', '.join(found['weddings']) or 'none'}")
    return lines
