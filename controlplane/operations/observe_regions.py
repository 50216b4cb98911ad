"""What every vantage point says of every region: the agents' heartbeats and Cloudflare's monitors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from controlplane.domain.diagnosis import Sighted
from controlplane.domain.health import Health, Verdict, judge
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.domain.roles import Roles
from controlplane.errors import Unavailable
from controlplane.ports.clock import Clock
from controlplane.ports.shared_store import SharedStore
from controlplane.ports.steering import Steering

MONITORS = "cloudflare monitors"
LOOK_SECONDS = 0.2
PATIENCE_SECONDS = 3.0
"""An agent beats once a second: one that does not move for this long is silent."""


@dataclass(frozen=True)
class Sight:
    """One look at the world. `living` are the agents whose heartbeat moved between two looks; `edges`: CDN -> whether
    its POPs answer them."""

    heartbeats: dict[str, Heartbeat]
    verdicts: dict[str, Verdict]
    enabled: dict[str, bool] | None
    living: frozenset[str] = frozenset()
    edges: dict[str, Verdict] = field(default_factory=dict)

    def sighted(self, roles: Roles, at: datetime) -> Sighted:
        """The same look, as `diagnose` reads it."""
        return Sighted(self.heartbeats, self.living, self.verdicts, self.edges, roles.home, roles.down, at)


def heartbeats(store: SharedStore, regions: Sequence[str]) -> dict[str, Heartbeat]:
    """Region -> the last heartbeat of its agent; regions whose agent never spoke, or not intelligibly, are absent."""
    found: dict[str, Heartbeat] = {}
    for region in regions:
        text = store.get(heartbeat_key(region))
        try:
            found |= {region: Heartbeat.from_json(text)} if text is not None else {}
        except ValueError:
            continue
    return found


def look(
    store: SharedStore,
    steering: Steering,
    regions: Sequence[str],
    clock: Clock,
    pause: Callable[[float], None],
    patience: float = PATIENCE_SECONDS,
) -> Sight:
    """Look twice: as soon as every agent has beaten again, or after `patience` seconds. Raises Unavailable."""
    before = heartbeats(store, regions)
    deadline = clock.monotonic() + patience
    while clock.monotonic() < deadline:
        pause(LOOK_SECONDS)
        if living(heartbeats(store, regions), before) == before.keys():
            break
    return observe(store, steering, regions, before)


def living(now: Mapping[str, Heartbeat], before: Mapping[str, Heartbeat]) -> frozenset[str]:
    """The regions whose agent has beaten between two looks."""
    return frozenset(region for region, beat in now.items() if beat.moved_since(before.get(region)))


def observe(
    store: SharedStore, steering: Steering, regions: Sequence[str], before: dict[str, Heartbeat] | None = None
) -> Sight:
    """Look once. An agent whose beat has not moved since `before` is silent and has no view; without `before` every
    agent that ever spoke has one. Raises Unavailable."""
    now = heartbeats(store, regions)
    alive = frozenset(now) if before is None else living(now, before)
    try:
        pools = {pool.region: pool for pool in steering.pools()}
    except Unavailable:
        pools = {}
    verdicts = {}
    for region in regions:
        views = {f"agent {point}": now[point].views.get(region, Health.UNKNOWN) for point in sorted(alive)}
        if region in pools:
            healthy = pools[region].healthy
            views[MONITORS] = Health.UNKNOWN if healthy is None else Health.UP if healthy else Health.DOWN
        verdicts[region] = judge(region, views)
    enabled = {name: pool.enabled for name, pool in pools.items()} or None
    return Sight(now, verdicts, enabled, alive, _edges(now, alive))


def _edges(now: Mapping[str, Heartbeat], alive: frozenset[str]) -> dict[str, Verdict]:
    """What the living agents say of each CDN that one of them asks."""
    names = sorted({edge for point in alive for edge in now[point].edges})
    return {
        name: judge(name, {f"agent {point}": now[point].edges.get(name, Health.UNKNOWN) for point in sorted(alive)})
        for name in names
    }
