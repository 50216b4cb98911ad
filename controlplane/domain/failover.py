"""Failover and failback as reconcilers: the next step follows from the intent and the observed world.

Invariant between steps: at most one region can acknowledge writes, because roles carry an epoch, the roles change
before any traffic moves, and a region refuses an epoch lower than one it has seen.
"""

from __future__ import annotations

import enum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from controlplane.domain.roles import Roles


class Operation(enum.Enum):
    """Which way the traffic moves."""

    FAILOVER = "failover"
    FAILBACK = "failback"


class Step(enum.Enum):
    """One effect. Each is idempotent and reads back what it did."""

    ROLES = "roles"
    DRAIN = "drain"
    READY = "ready"
    ROUTE = "route"
    POOL = "pool"
    VERIFY = "verify"
    CLOSE = "close"


class What(enum.Enum):
    """What is left of a region. Leaving its caches moves reads only: no role, no epoch, writes stay where they are."""

    CACHES = "caches"
    ORIGIN = "origin"
    REGION = "region"


_READS = frozenset({Step.ROUTE, Step.POOL, Step.VERIFY, Step.CLOSE})


def steps_of(operation: Operation, what: What = What.REGION) -> tuple[Step, ...]:
    """The steps of an operation in order. Only who returns waits for a region."""
    return tuple(
        step
        for step in Step
        if (what is not What.CACHES or step in _READS) and (step is not Step.READY or operation is Operation.FAILBACK)
    )


class Intent(BaseModel):
    """The card that is stored before the first effect, `wedcache.intent/1`: any laptop finishes it from here."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["wedcache.intent/1"] = Field("wedcache.intent/1", alias="schema")
    id: str
    operation: Operation
    region: str
    """The region that is left (failover) or returned to (failback)."""
    target: str
    """The region that guests reach afterwards; it is home, too, unless only caches were left."""
    what: What = What.REGION
    epoch: int
    by: str
    begun_at: str
    digest: str
    state: Literal["open", "done", "withdrawn"] = "open"
    seconds: dict[str, float] = Field(default_factory=dict)
    """Step -> real seconds that it took, as measured by whoever performed it."""
    owed: tuple[str, ...] = ()
    """Steps that a vendor's control plane refused when the card was closed; `reopened` does them later."""

    @property
    def home(self) -> str:
        """The region that is home while and after this is done."""
        return self.region if self.what is What.CACHES else self.target

    def to_json(self) -> str:
        """The stored form."""
        return self.model_dump_json(by_alias=True)

    @classmethod
    def from_json(cls, text: str) -> Intent:
        """Read the stored form. Raises pydantic.ValidationError."""
        return cls.model_validate_json(text)


class World(BaseModel):
    """What is observed before each step. None: could not be seen now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: Roles
    drained: frozenset[str]
    own: str
    """The region of the distribution's own origins."""
    route: str | None
    """The region that the edge function selects; None for the distribution's own origins."""
    is_route_known: bool = True
    """Whether the edge's store answered; without it `route` says nothing."""
    enabled: dict[str, bool] | None
    """Region -> whether its pool is enabled; None while Cloudflare's API does not answer."""


def next_step(intent: Intent, world: World, done: frozenset[Step] = frozenset()) -> Step | None:
    """The next effect, or None when nothing is left. `done` holds what this performer did, gave up on or verified."""
    if intent.state != "open":
        return None
    leaving = intent.operation is Operation.FAILOVER
    if intent.what is not What.CACHES:
        step = _next_of_writes(intent, world, done)
        if step is not None:
            return step
    if Step.ROUTE not in done and (not world.is_route_known or world.route != route_to(intent, world.own)):
        return Step.ROUTE
    if Step.POOL not in done and (world.enabled is None or world.enabled.get(intent.region) is leaving):
        return Step.POOL
    if Step.VERIFY not in done:
        return Step.VERIFY
    return Step.CLOSE


def _next_of_writes(intent: Intent, world: World, done: frozenset[Step]) -> Step | None:
    """What has to be before any traffic moves: the roles under their epoch, the drain flag, a region that is ready."""
    leaving = intent.operation is Operation.FAILOVER
    if world.roles.epoch < intent.epoch:
        return Step.ROLES
    if (intent.region in world.drained) is not leaving:
        return Step.DRAIN
    return Step.READY if not leaving and Step.READY not in done else None


def superseded(intent: Intent, world: World) -> bool:
    """Whether somebody else has moved the roles further, or at the same epoch elsewhere: no further effect."""
    roles = world.roles
    return roles.epoch > intent.epoch or (roles.epoch == intent.epoch and roles.home != intent.home)


def route_to(intent: Intent, own: str) -> str | None:
    """The region that the edge function shall select; None where the distribution's own origins are the target."""
    return None if intent.target == own else intent.target


def reopened(intent: Intent) -> Intent:
    """The card to go on with when something is owed; otherwise the card as it is."""
    return intent.model_copy(update={"state": "open", "owed": ()}) if intent.owed else intent
