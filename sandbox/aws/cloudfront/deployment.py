"""When a change counts as deployed."""

from __future__ import annotations

from typing import Protocol

from sandbox.aws.world import World

ALONE_SECONDS = 0.3
LONGEST_SECONDS = 5.0


class Deployed(Protocol):
    """What POPs have to apply: the edge change that carries it, and when it was made (monotonic seconds)."""

    seq: int
    changed_at: float


def status(world: World, thing: Deployed) -> str:
    """Deployed once every POP has applied the last change; a POP that never answers holds it up for five seconds."""
    age = world.monotonic() - thing.changed_at
    if world.edge.pops():
        done = world.edge.reached(thing.seq) or age >= LONGEST_SECONDS
    else:
        done = age >= ALONE_SECONDS
    return "Deployed" if done else "InProgress"
