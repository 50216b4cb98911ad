"""Cloudflare's load balancer pools behind `Steering`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlplane.adapters.cloudflare.client import CloudflareApi
from controlplane.errors import Refused, VerificationFailed
from controlplane.ports.steering import PoolState


class CloudflareSteering:
    """One pool a region; `pools` maps a region to its pool's id, as the inventory says."""

    def __init__(self, api: CloudflareApi, account_id: str, pools: Mapping[str, str]) -> None:
        self._api = api
        self._account = account_id
        self._pools = dict(pools)

    def pools(self) -> list[PoolState]:
        """See `Steering.pools`."""
        return [
            PoolState(region, bool(self._get(pool).enabled), self._healthy(pool))
            for region, pool in self._pools.items()
        ]

    def set_enabled(self, region: str, *, enabled: bool) -> None:
        """See `Steering.set_enabled`."""
        if region not in self._pools:
            raise Refused(f"no pool for {region}; the inventory has {', '.join(self._pools) or 'none'}")
        pool = self._pools[region]
        self._api.call(
            f"pool {region}",
            lambda client: client.load_balancers.pools.edit(pool, account_id=self._account, enabled=enabled),
        )
        if bool(self._get(pool).enabled) is not enabled:
            raise VerificationFailed(f"the pool of {region} does not read back as enabled={enabled}")

    def _get(self, pool: str) -> Any:
        return self._api.call("pool", lambda client: client.load_balancers.pools.get(pool, account_id=self._account))

    def _healthy(self, pool: str) -> bool | None:
        health = self._api.call(
            "pool health", lambda client: client.load_balancers.pools.health.get(pool, account_id=self._account)
        )
        said = getattr(health, "pop_health", None)
        if said is None:
            return None
        value = said.get("healthy") if isinstance(said, dict) else getattr(said, "healthy", None)
        return None if value is None else bool(value)
