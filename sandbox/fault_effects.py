"""Makes a fault happen and takes it back, as its row in `sandbox.faults` says: flags, signals, restarts, jumps."""

from __future__ import annotations

import difflib
import signal
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox import cloud, processes
from sandbox.clock import OffsetClock
from sandbox.faults import TABLE, Fault, Faults, Mending, Target
from sandbox.run import Run
from sandbox.world import World, world_of

VENDORS = ("aws", "cloudflare")


class NoSuchFault(Exception):
    """A fault, or a target of a fault, that the sandbox does not know; the message lists the known ones."""


@dataclass(frozen=True)
class Struck:
    """One fault at one target (None: it has none) and the processes that were reached."""

    fault: Fault
    target: str | None
    processes: tuple[str, ...]


def inject(run: Run, name: str, target: str | None = None) -> list[Struck]:
    """Make a fault happen, at every possible target without one; what is active already stays and is left out.

    Raises NoSuchFault; nothing was done then.
    """
    fault = known(name)
    faults = Faults(run.faults)
    active = faults.listed()
    struck = []
    for one in _chosen(fault, target, world_of(run)):
        if {"name": name, "target": one} in active:
            continue
        faults.inject(name, one)
        struck.append(Struck(fault, one, _strike(run, fault, one)))
    return struck


def heal(run: Run, name: str | None = None, target: str | None = None) -> list[Struck]:
    """Take back one fault (at one target), or all of them. Raises NoSuchFault; nothing was done then."""
    if name is not None and target is not None:
        target = _chosen(known(name), target, world_of(run))[0]
    elif name is not None:
        known(name)
    healed = []
    for row in Faults(run.faults).heal(name, target):
        fault = TABLE[row["name"]]
        healed.append(Struck(fault, row["target"], _mend(run, fault, row["target"])))
    return healed


def check(run: Run, name: str, target: str | None) -> None:
    """Whether there is such a fault and it can strike `target`. Raises NoSuchFault."""
    _chosen(known(name), target, world_of(run))


def known(name: str) -> Fault:
    """The row called `name`. Raises NoSuchFault with the nearest one."""
    if name in TABLE:
        return TABLE[name]
    near = difflib.get_close_matches(name, TABLE, 1)
    hint = f" (did you mean {near[0]!r}?)" if near else ""
    raise NoSuchFault(f"no fault {name!r}{hint}; known: {', '.join(TABLE)}")


def targets(fault: Fault, world: World) -> tuple[str, ...]:
    """What a fault can strike in a world; () where it has no target."""
    return {
        Target.NOTHING: (),
        Target.REGION: world.regions,
        Target.BUCKET_REGION: tuple(dict.fromkeys((*world.regions, *world.store_regions))),
        Target.VENDOR: VENDORS,
        Target.POP: tuple(pop.code for pop in world.pops),
    }[fault.target]


def _chosen(fault: Fault, target: str | None, world: World) -> Sequence[str | None]:
    possible = targets(fault, world)
    if target is None:
        return possible or (None,)
    if not possible:
        raise NoSuchFault(f"{fault.name} has no target")
    for one in possible:
        if target == one or (fault.target is Target.POP and target == one.partition("-")[0]):
            return (one,)
    raise NoSuchFault(f"{fault.name} cannot strike {target!r}; possible: {', '.join(possible)}")


def _struck_names(fault: Fault, target: str | None) -> list[str]:
    return [pattern.format(target=target) for pattern in fault.processes]


def _strike(run: Run, fault: Fault, target: str | None) -> tuple[str, ...]:
    if fault.jump:
        OffsetClock(run.clock).advance(fault.jump.total_seconds())
    if fault.strike is None:
        return ()
    return tuple(processes.send(run, _struck_names(fault, target), fault.strike))


def _mend(run: Run, fault: Fault, target: str | None) -> tuple[str, ...]:
    if fault.jump:
        OffsetClock(run.clock).advance(-fault.jump.total_seconds())
    if fault.mending is Mending.CONTINUE and fault.strike is not None:
        return tuple(processes.send(run, _struck_names(fault, target), signal.SIGCONT))
    if fault.mending is Mending.START_CACHES and target is not None:
        cloud.start_caches_again(run, target)
        return tuple(_struck_names(fault, target))
    return ()
