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
    ROUTE = "route"
    POOL = "pool"
    VERIFY = "verify"
    CLOSE = "close"


PLANE: dict[Step, str] = {
    Step.ROLES: "shared store (data plane)",
    Step.DRAIN: "shared store (data plane)",
    Step.ROUTE: "CloudFront KeyValueStore (data plane)",
    Step.POOL: "Cloudflare API (control plane, may fail)",
    Step.VERIFY: "requests through the POPs",
    Step.CLOSE: "shared store (data plane)",
}


class Intent(BaseModel):
    """The card that is stored before the first effect, `wedcache.intent/1`: any laptop finishes it from here."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_: Literal["wedcache.intent/1"] = Field("wedcache.intent/1", alias="schema")
    id: str
    operation: Operation
    region: str
    """The region that is left (failover) or returned to (failback)."""
    target: str
    """The region that is home afterwards."""
    epoch: int
    by: str
    begun_at: str
    digest: str
    state: Literal["open", "done"] = "open"
    seconds: dict[str, float] = Field(default_factory=dict)
    """Step -> real seconds that it took, as measured by whoever performed it."""

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
    route: str | None
    """The region that the edge function selects; None for the distribution's own origins."""
    enabled: dict[str, bool] | None
    """Region -> whether its pool is enabled; None while Cloudflare's API does not answer."""
    serving: dict[str, str] | None
    """CDN -> region that answered an uncached request through it; None before verification."""


def next_step(intent: Intent, world: World, done: frozenset[Step] = frozenset()) -> Step | None:
    """The next effect, or None when nothing is left. `done` holds what this performer gave up on or verified."""
    if intent.state == "done":
        return None
    leaving = intent.operation is Operation.FAILOVER
    if world.roles.epoch < intent.epoch:
        return Step.ROLES
    if (intent.region in world.drained) is not leaving:
        return Step.DRAIN
    if Step.ROUTE not in done and world.route != (intent.target if leaving else None):
        return Step.ROUTE
    if Step.POOL not in done and (world.enabled is None or world.enabled.get(intent.region) is leaving):
        return Step.POOL
    if Step.VERIFY not in done:
        return Step.VERIFY
    return Step.CLOSE


def superseded(intent: Intent, world: World) -> bool:
    """Whether somebody else has moved the roles further: this intent must make no further effect."""
    return world.roles.epoch > intent.epoch
