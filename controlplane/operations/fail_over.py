"""Performs a failover or failback: observes, does the next step, records it; any laptop can go on from the card."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from controlplane.domain.edge_keys import ROUTE
from controlplane.domain.failover import Intent, Operation, Step, World, next_step, route_to, superseded
from controlplane.domain.roles import ROLES_KEY, Roles, current, returned, without
from controlplane.errors import Incomplete, LeaseLost, Unavailable, VerificationFailed
from controlplane.operations.intents import claim, intent_key
from controlplane.ports.clock import Clock
from controlplane.ports.edge_probe import Ask, EdgeProbe
from controlplane.ports.edge_store import EdgeStore
from controlplane.ports.shared_store import SharedStore
from controlplane.ports.steering import Steering

DRAINS = "drain/"
OPTIONAL = frozenset({Step.POOL})
"""Steps on a vendor's control plane: they may fail without leaving guests behind, and are owed then."""
ONCE = frozenset({Step.ROUTE, Step.POOL, Step.VERIFY})
"""Steps that one performer tries once; the others are repeated until the world shows them."""


@dataclass(frozen=True)
class Means:
    """What the operation works with.

    `origins` maps region -> origin host, `uncached` CDN -> a URL never cached; `is_healthy` asks a region's health
    path; `check` raises LeaseLost before an effect that may no longer be made. Verification waits for `patience`
    seconds beyond the monitors' interval: they may have to notice first.
    """

    store: SharedStore
    edge: EdgeStore
    steering: Steering
    probe: EdgeProbe
    clock: Clock
    origins: Mapping[str, str]
    uncached: Mapping[str, Ask]
    is_healthy: Callable[[str], bool]
    home: str
    tell: Callable[[str, float], None]
    pause: Callable[[float], None]
    check: Callable[[], None]
    monitor_seconds: float
    patience: float = 15.0


def begin(means: Means, intent: Intent) -> Intent:
    """Store the card before the first effect. Raises Refused if another operation is open; its card is named."""
    return claim(means.store, intent)


def reconcile(means: Means, intent: Intent) -> Intent:
    """Do what is left, step by step, and return the closed card. Safe to run again at any point.

    Raises Refused if another operation is open (nothing was changed), LeaseLost if the roles have moved past this
    intent, Incomplete with what is left, VerificationFailed if the guests' side does not show the target.
    """
    if intent.state != "open":
        return intent
    intent = claim(means.store, intent)
    done: set[Step] = set()
    failed: dict[Step, str] = {}
    seconds = dict(intent.seconds)
    while True:
        step = _next(means, intent, frozenset(done))
        if step is None:
            return intent
        if step is Step.VERIFY and not failed.keys() <= OPTIONAL:
            raise _left(intent, failed)
        begun = means.clock.monotonic()
        try:
            intent = _perform(means, intent, step, seconds, failed)
        except (Unavailable, VerificationFailed) as error:
            if step not in ONCE or step is Step.VERIFY:
                raise _left(intent, {**failed, step: str(error)}) from error
            failed[step] = str(error)
        else:
            seconds[step.value] = round(means.clock.monotonic() - begun, 3)
            means.tell(step.value, seconds[step.value])
        done.add(step)
        if step is Step.CLOSE:
            if failed:
                raise _left(intent, failed)
            return intent


def observe_world(means: Means, *, with_pools: bool = True) -> World:
    """Read everything that the next step follows from; what a vendor does not answer is unknown. Raises Unavailable
    only for the shared store."""
    roles = current(means.store.read(ROLES_KEY), means.home)
    drained = frozenset(region for region in means.origins if means.store.read(f"{DRAINS}{region}") == "drain")
    try:
        route, is_known = means.edge.read().get(ROUTE), True
    except Unavailable:
        route, is_known = None, False
    by_origin = {origin: region for region, origin in means.origins.items()}
    enabled = None
    if with_pools:
        try:
            enabled = {pool.region: pool.enabled for pool in means.steering.pools()}
        except Unavailable:
            enabled = None
    return World(
        roles=roles,
        drained=drained,
        own=means.home,
        route=by_origin.get(route, route) if route else None,
        is_route_known=is_known,
        enabled=enabled,
    )


def _next(means: Means, intent: Intent, done: frozenset[Step]) -> Step | None:
    """The next step under the world as it is now; the pools' vendor is asked only when it is their turn."""
    try:
        world = observe_world(means, with_pools=False)
        _go_on(intent, world)
        step = next_step(intent, world, done)
        if step is Step.POOL:
            step = next_step(intent, observe_world(means), done)
    except Unavailable as error:
        raise Incomplete(
            f"{intent.id}: what was done so far cannot be seen: {error}",
            next_step=f"`wedcache ops resume {intent.id}` goes on from here, on any machine",
        ) from error
    return step


def _go_on(intent: Intent, world: World) -> None:
    if superseded(intent, world):
        raise LeaseLost(
            f"the roles are at epoch {world.roles.epoch} with home {world.roles.home}, past {intent.id}"
            f" (epoch {intent.epoch}, {intent.target}); stopped",
            next_step="`wedcache status` shows who is home; `wedcache ops list` shows what moved it",
        )


def _left(intent: Intent, failed: Mapping[Step, str]) -> Incomplete:
    """What to say when steps failed: the card is kept, and any machine finishes them."""
    kind = VerificationFailed if Step.VERIFY in failed else Incomplete
    state = "is done but for" if intent.state == "done" else "is not finished: failed"
    return kind(
        f"{intent.id} {state} {', '.join(step.value for step in failed)}",
        next_step=f"`wedcache ops resume {intent.id}` goes on from here, on any machine",
        report={step.value: words for step, words in failed.items()},
    )


def _perform(
    means: Means, intent: Intent, step: Step, seconds: Mapping[str, float], failed: Mapping[Step, str]
) -> Intent:
    leaving = intent.operation is Operation.FAILOVER
    means.check()
    if step is Step.ROLES:
        means.store.change(ROLES_KEY, lambda text: _roles(intent, text, means.home).to_json())
    elif step is Step.DRAIN:
        means.store.change(f"{DRAINS}{intent.region}", lambda _: "drain" if leaving else "serve")
    elif step is Step.READY:
        _wait_until_ready(means, intent.region)
    elif step is Step.ROUTE:
        means.edge.change(lambda _: _route(means, intent))
    elif step is Step.POOL:
        means.steering.set_enabled(intent.region, enabled=not leaving)
    elif step is Step.VERIFY:
        _verify(means, intent)
    else:
        owed = tuple(one.value for one in failed)
        closed = intent.model_copy(update={"state": "done", "seconds": dict(seconds), "owed": owed})
        means.store.change(intent_key(intent.id), lambda _: closed.to_json())
        return closed
    return intent


def _route(means: Means, intent: Intent) -> dict[str, str | None]:
    """The route to write, computed between the store's read and its conditional write: late performers stop here."""
    means.check()
    roles = current(means.store.read(ROLES_KEY), means.home)
    if (roles.epoch, roles.home) != (intent.epoch, intent.home):
        raise LeaseLost(f"the roles are at epoch {roles.epoch}, past {intent.epoch} of {intent.id}; no route written")
    target = route_to(intent, means.home)
    return {ROUTE: None if target is None else means.origins[target]}


def _roles(intent: Intent, text: str | None, home: str) -> Roles:
    before = current(text, home)
    if before.epoch >= intent.epoch:
        return before
    if intent.operation is Operation.FAILOVER:
        return without(before, intent.region, intent.target, intent.epoch)
    return returned(before, intent.region, intent.target, intent.epoch)


def _wait_until_ready(means: Means, region: str) -> None:
    """No traffic to a region that still says that it drains: its agent carries the flag within a second. Raises
    Unavailable."""
    deadline = means.clock.monotonic() + means.patience
    while not means.is_healthy(region):
        if means.clock.monotonic() >= deadline:
            raise Unavailable(
                f"the health path of {region} does not answer healthy {means.patience:g} s after its drain was lifted",
                next_step="`wedcache status` shows each view; no traffic was moved",
            )
        means.pause(0.1)


def _verify(means: Means, intent: Intent) -> None:
    """Ask for something uncached through each CDN until the target answers. Raises VerificationFailed."""
    deadline = means.clock.monotonic() + means.monitor_seconds + means.patience
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
                f"uncached requests are not served by {intent.target}: "
                + ", ".join(f"{edge}: {served[edge]}" for edge in waiting),
                report=served,
            )
        means.pause(0.25)
