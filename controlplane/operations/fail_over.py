"""Performs a failover or failback: observes, does the next step, records it; any laptop can go on from the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controlplane.domain.edge_keys import ROUTE
from controlplane.domain.failover import Intent, Operation, Step, World, next_step, superseded
from controlplane.domain.roles import ROLES_KEY, Roles, current, returned, without
from controlplane.errors import Incomplete, LeaseLost, Refused, Unavailable, VerificationFailed
from controlplane.ports.clock import Clock
from controlplane.ports.edge_probe import Ask, EdgeProbe
from controlplane.ports.edge_store import EdgeStore
from controlplane.ports.shared_store import SharedStore
from controlplane.ports.steering import Steering

INTENTS = "intents/"
DRAINS = "drain/"
OPTIONAL = frozenset({Step.POOL})
"""Steps on a vendor's control plane: they may fail without leaving guests behind."""


@dataclass(frozen=True)
class Means:
    """What the operation works with. `origins` maps region -> origin host, `uncached` CDN -> a URL never cached."""

    store: SharedStore
    edge: EdgeStore
    steering: Steering
    probe: EdgeProbe
    clock: Clock
    origins: Mapping[str, str]
    uncached: Mapping[str, Ask]
    home: str
    tell: Callable[[str, float], None]
    pause: Callable[[float], None]
    patience: float = 15.0


def intent_key(identity: str) -> str:
    """Where an intent card lies: a register, because creation and closing must be decided."""
    return f"{INTENTS}{identity}"


def begin(means: Means, intent: Intent) -> Intent:
    """Store the card before the first effect. Raises Refused if another operation is open; its card is named."""
    for name in means.store.names(INTENTS):
        text = means.store.read(name)
        if text is None:
            continue
        other = Intent.from_json(text)
        if other.state == "open" and other.id != intent.id:
            raise Refused(
                f"{other.operation.value} {other.id} of {other.region} is open, begun by {other.by}",
                next_step=f"`wedcache ops resume {other.id}` finishes it",
            )
    means.store.change(intent_key(intent.id), lambda text: text or intent.to_json())
    return intent


def reconcile(means: Means, intent: Intent) -> Intent:
    """Do what is left, step by step, and return the closed card. Safe to run again at any point.

    Raises LeaseLost if the roles have moved past this intent, Incomplete with what is left, VerificationFailed if the
    guests' side does not show the target.
    """
    done: set[Step] = set()
    failed: dict[str, str] = {}
    seconds = dict(intent.seconds)
    while True:
        world = observe_world(means)
        if superseded(intent, world):
            raise LeaseLost(f"the roles are at epoch {world.roles.epoch}, past {intent.epoch} of {intent.id}; stopped")
        step = next_step(intent, world, frozenset(done))
        if step is None:
            return intent
        begun = means.clock.monotonic()
        try:
            intent = _perform(means, intent, step, seconds)
        except Unavailable as error:
            if step not in OPTIONAL:
                raise Incomplete(
                    f"{intent.id}: the step {step.value} failed: {error}",
                    next_step=f"`wedcache ops resume {intent.id}` goes on from here, on any machine",
                    report={step.value: str(error)},
                ) from error
            failed[step.value] = str(error)
        seconds[step.value] = round(means.clock.monotonic() - begun, 3)
        means.tell(step.value, seconds[step.value])
        if step in (Step.ROUTE, Step.POOL, Step.VERIFY):
            done.add(step)
        if step is Step.CLOSE:
            if failed:
                raise Incomplete(f"{intent.id} is done but for {', '.join(failed)}", report=failed)
            return intent


def observe_world(means: Means) -> World:
    """Read everything that the next step follows from."""
    roles = current(means.store.read(ROLES_KEY), means.home)
    drained = frozenset(region for region in means.origins if means.store.get(f"{DRAINS}{region}") == "drain")
    route = means.edge.read().get(ROUTE)
    by_origin = {origin: region for region, origin in means.origins.items()}
    try:
        enabled = {pool.region: pool.enabled for pool in means.steering.pools()}
    except Unavailable:
        enabled = None
    return World(
        roles=roles,
        drained=drained,
        route=by_origin.get(route, route) if route else None,
        enabled=enabled,
        serving=None,
    )


def _perform(means: Means, intent: Intent, step: Step, seconds: Mapping[str, float]) -> Intent:
    leaving = intent.operation is Operation.FAILOVER
    if step is Step.ROLES:
        means.store.change(ROLES_KEY, lambda text: _roles(intent, text, means.home).to_json())
    elif step is Step.DRAIN:
        means.store.put(f"{DRAINS}{intent.region}", "drain" if leaving else "serve")
    elif step is Step.ROUTE:
        means.edge.change(lambda _: {ROUTE: means.origins[intent.target] if leaving else None})
    elif step is Step.POOL:
        means.steering.set_enabled(intent.region, enabled=not leaving)
    elif step is Step.VERIFY:
        _verify(means, intent)
    else:
        closed = intent.model_copy(update={"state": "done", "seconds": dict(seconds)})
        means.store.change(intent_key(intent.id), lambda _: closed.to_json())
        return closed
    return intent


def _roles(intent: Intent, text: str | None, home: str) -> Roles:
    before = current(text, home)
    if before.epoch >= intent.epoch:
        return before
    if intent.operation is Operation.FAILOVER:
        return without(intent.region, intent.target, intent.epoch)
    return returned(intent.target, intent.epoch)


def _verify(means: Means, intent: Intent) -> None:
    """Ask for something uncached through each CDN until the target answers. Raises VerificationFailed."""
    deadline = means.clock.monotonic() + means.patience
    waiting = dict(means.uncached)
    served: dict[str, str] = {}
    while waiting:
        for edge, ask in list(waiting.items()):
            answer = means.probe.fetch(ask)
            served[edge] = answer.headers.get("x-wedcache-region", answer.error or str(answer.status))
            if answer.status and answer.status < 500 and served[edge] == intent.target:
                del waiting[edge]
        if not waiting:
            return
        if means.clock.monotonic() >= deadline:
            raise VerificationFailed(
                f"{intent.id}: uncached requests are not served by {intent.target}: "
                + ", ".join(f"{edge}: {served[edge]}" for edge in waiting),
                next_step=f"`wedcache ops resume {intent.id}` verifies again",
                report=served,
            )
        means.pause(0.25)
