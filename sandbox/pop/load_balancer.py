"""Which origin a Cloudflare load balancer sends a request to, and where it tries again.

Source: Cloudflare docs, load-balancing (pools, health, traffic steering "off", adaptive routing, zero-downtime
failover).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Endpoint:
    """One origin of a pool. `healthy` None: no health check has spoken yet."""

    name: str
    address: str
    enabled: bool = True
    weight: float = 1.0
    host_header: str | None = None
    healthy: bool | None = None


@dataclass(frozen=True)
class Pool:
    """One pool; without a monitor its health is ignored."""

    id: str
    enabled: bool = True
    endpoints: tuple[Endpoint, ...] = ()
    minimum: int = 1
    monitored: bool = False

    def usable(self) -> list[Endpoint]:
        """The enabled endpoints that no health check calls unhealthy."""
        return [one for one in self.standing() if not self.monitored or one.healthy is not False]

    def standing(self) -> list[Endpoint]:
        """The enabled endpoints, whatever their health."""
        return [one for one in self.endpoints if one.enabled and one.weight > 0]

    @property
    def takes_traffic(self) -> bool:
        """Enabled, and not below its minimum of healthy endpoints."""
        return self.enabled and len(self.usable()) >= max(1, self.minimum)


@dataclass(frozen=True)
class Balancer:
    """One load balancer: pools in their order, the last resort, and whether another pool is tried on 521-523."""

    name: str
    pools: tuple[Pool, ...]
    fallback: Pool | None
    across_pools: bool = False
    enabled: bool = True

    def candidates(self, draw: float) -> list[Endpoint]:
        """The endpoint to ask first and, where there is one, the endpoint to try once more. `draw`: 0 <= x < 1.

        Pools are taken in order (steering "off"); all of them unhealthy means the fallback pool, whose health is
        ignored. Within a pool the draw is weighted.
        """
        ready = [pool for pool in self.pools if pool.takes_traffic]
        if not ready:
            endpoints = self.fallback.standing() if self.fallback is not None else []
            return weighted(endpoints, draw)[:2]
        first = weighted(ready[0].usable(), draw)
        if len(first) == 1 and self.across_pools and len(ready) > 1:
            return [*first, weighted(ready[1].usable(), draw)[0]]
        return first[:2]


def weighted(endpoints: list[Endpoint], draw: float) -> list[Endpoint]:
    """The endpoints with the one that `draw` falls on first."""
    total = sum(one.weight for one in endpoints)
    reached = 0.0
    for index, one in enumerate(endpoints):
        reached += one.weight
        if draw * total < reached:
            return [one, *endpoints[:index], *endpoints[index + 1 :]]
    return endpoints
