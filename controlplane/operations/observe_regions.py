"""What every vantage point says of every region: the agents' heartbeats and Cloudflare's monitors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controlplane.domain.health import Health, Verdict, judge
from controlplane.domain.heartbeat import Heartbeat, heartbeat_key
from controlplane.errors import Unavailable
from controlplane.ports.shared_store import SharedStore
from controlplane.ports.steering import Steering

MONITORS = "cloudflare monitors"


@dataclass(frozen=True)
class Sight:
    """One look at the world. `living` are the agents whose heartbeat moved between two looks."""

    heartbeats: dict[str, Heartbeat]
    verdicts: dict[str, Verdict]
    enabled: dict[str, bool] | None


def heartbeats(store: SharedStore, regions: Sequence[str]) -> dict[str, Heartbeat]:
    """Region -> the last heartbeat of its agent; regions whose agent never spoke are absent."""
    found = {}
    for region in regions:
        text = store.get(heartbeat_key(region))
        if text is not None:
            found[region] = Heartbeat.from_json(text)
    return found


def observe(
    store: SharedStore, steering: Steering, regions: Sequence[str], before: dict[str, Heartbeat] | None = None
) -> Sight:
    """Look once. An agent whose beat has not moved since `before` is silent and has no view."""
    now = heartbeats(store, regions)
    try:
        pools = {pool.region: pool for pool in steering.pools()}
    except Unavailable:
        pools = {}
    verdicts = {}
    for region in regions:
        views = {
            f"agent {point}": beat.views.get(region, Health.UNKNOWN)
            for point, beat in now.items()
            if before is None or point not in before or before[point].beat != beat.beat
        }
        if region in pools:
            healthy = pools[region].healthy
            views[MONITORS] = Health.UNKNOWN if healthy is None else Health.UP if healthy else Health.DOWN
        verdicts[region] = judge(region, views)
    return Sight(now, verdicts, {name: pool.enabled for name, pool in pools.items()} or None)
