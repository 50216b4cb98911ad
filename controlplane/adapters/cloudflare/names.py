"""Cloudflare's DNS records and load balancers behind `HostNames`; reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from controlplane.adapters.cloudflare.client import CloudflareApi


class CloudflareNames:
    """One zone; `pools` maps a region to its pool's id, as the inventory says."""

    def __init__(self, api: CloudflareApi, zone_id: str, pools: Mapping[str, str]) -> None:
        self._api = api
        self._zone = zone_id
        self._regions = {pool: region for region, pool in pools.items()}

    def records(self, host: str) -> tuple[str, ...]:
        """See `HostNames.records`."""

        def ask(client: Any) -> list[str]:
            found = client.dns.records.list(zone_id=self._zone, name={"exact": host})
            return [f"{row.type} {row.content}" for row in found if row.name == host]

        return tuple(self._api.call("DNS records", ask))

    def balanced(self, host: str) -> tuple[str, ...] | None:
        """See `HostNames.balanced`."""
        found = self._api.call("load balancers", lambda client: [*client.load_balancers.list(zone_id=self._zone)])
        mine = next((one for one in found if one.name == host and one.enabled is not False), None)
        if mine is None:
            return None
        return tuple(self._regions.get(str(pool), str(pool)) for pool in mine.default_pools or ())
