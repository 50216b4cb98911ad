"""`fault list | inject NAME [--target R] | heal [NAME] [--target R]`."""

from __future__ import annotations

from collections.abc import Sequence

from sandbox import fault_effects
from sandbox.fault_effects import NoSuchFault, Struck
from sandbox.faults import TABLE, Faults
from sandbox.run import Run
from sandbox.verbs.words import require_up, show, wrong_words
from sandbox.world import world_of


def list_faults(run: Run) -> int:
    """Every fault of the table, marked where it is active now."""
    active = Faults(run.faults).listed()
    for row in TABLE.values():
        where = [str(one.get("target") or "now") for one in active if one["name"] == row.name]
        possible = ", ".join(fault_effects.targets(row, world_of(run))) or "none"
        show(f"{row.name:<15} {('ACTIVE: ' + ', '.join(where)) if where else 'targets: ' + possible}")
        show(f"{'':<15} {row.effect} [{row.port}]")
    return 0


def inject(run: Run, name: str, target: str | None) -> int:
    """Make a fault happen. Raises CannotDo for an unknown fault or target."""
    _checked(run, name, target)
    require_up(run)
    struck = fault_effects.inject(run, name, target)
    show(*_told("injected", struck) or [f"{name} {target or ''}".rstrip() + " is active already"])
    return 0


def heal(run: Run, name: str | None, target: str | None) -> int:
    """Take a fault back, or all of them. Raises CannotDo for an unknown fault or target."""
    if name is not None:
        _checked(run, name, target)
    require_up(run)
    show(*_told("healed", fault_effects.heal(run, name, target)) or ["nothing to heal"])
    return 0


def _checked(run: Run, name: str, target: str | None) -> None:
    try:
        fault_effects.check(run, name, target)
    except NoSuchFault as why:
        raise wrong_words(str(why)) from why


def _told(what: str, struck: Sequence[Struck]) -> list[str]:
    return [
        f"{what} {one.fault.name} {one.target or ''}".rstrip()
        + (f" ({', '.join(one.processes)})" if one.processes else "")
        + (f": {one.fault.effect}" if what == "injected" else "")
        for one in struck
    ]
