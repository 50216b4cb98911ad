"""`wedcache freeze push`: publish the catalogue's calendar, from where the agents push it to where it acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from controlplane.cli import session

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.calendar import Calendar
    from controlplane.domain.calendar_edit import EditRefusal

Output = Literal["text", "json"]


def push(*, catalogue: Path | None = None, plan: bool = False, yes: bool = False, output: Output = "text") -> int:
    """Compile the catalogue and publish its calendar. An edit never shortens a window that is in force.

    Parameters
    ----------
    catalogue
        The catalogue's file; by default the profile's.
    plan
        Print what would change, and stop.
    yes
        Do not ask.
    output
        text or json (wedcache.calendar-push/1).
    """
    from controlplane.adapters.system import catalogue_file
    from controlplane.domain.calendar_json import to_json
    from controlplane.operations.admit import known_calendar
    from controlplane.operations.publish_calendar import publish_calendar

    plant = session.plant()
    at = plant.clock.now()
    wanted = catalogue_file.calendar(catalogue or plant.profile.catalogue, at)
    held, _ = known_calendar(plant.store, plant.last_good_calendar)
    windows = len(wanted.everything.starts)
    session.say(
        f"plan: publish {len(wanted.weddings)} weddings, {windows} windows, over epoch {held.made.epoch if held else 0}"
    )
    if plan:
        if output == "json":
            over = held.made.epoch if held else 0
            session.show_json(
                {
                    "schema": "wedcache.calendar-plan/1",
                    "weddings": len(wanted.weddings),
                    "windows": windows,
                    "over": over,
                }
            )
        return 0
    session.confirm("publish?", yes=yes)
    published = publish_calendar(plant.store, wanted, at)
    plant.keep_calendar(to_json(published.calendar))
    _say_kept(published.kept)
    locks = locked(plant, published.calendar)
    if output == "json":
        session.show_json(
            {
                "schema": "wedcache.calendar-push/1",
                "epoch": published.calendar.made.epoch,
                "kept": [refusal.rule for refusal in published.kept],
                "locks": locks,
            }
        )
    else:
        session.show([f"calendar epoch {published.calendar.made.epoch} is published; agents push it within seconds"])
    return 13 if published.kept or not are_locked(locks) else 0


def _say_kept(kept: Sequence[EditRefusal]) -> None:
    from controlplane.domain.calendar_edit import READ_ONLY

    for refusal in kept:
        session.say(f"kept: {refusal.text}")
    rules = " ".join(refusal.rule for refusal in kept if refusal.rule != READ_ONLY)
    if rules:
        session.say(f"next: wait, or with a break-glass grant: wedcache freeze lift {rules}")


def locked(plant: Plant, calendar: Calendar) -> dict[str, str]:
    """Hand the platform's windows to the frozen roles' deny; says and gives what became of each role."""
    from controlplane.operations.lock_vendors import lock_roles

    locks = lock_roles(plant.lock, plant.inventory.frozen_roles, calendar, plant.clock.now())
    for role, became in locks.items():
        session.say(f"IAM role {role}: {became}")
    return locks


def are_locked(locks: Mapping[str, str]) -> bool:
    """True when every role took its deny."""
    from controlplane.operations.lock_vendors import LOCKED

    return all(became == LOCKED for became in locks.values())
