"""The Cloudflare zone and its tiered cache."""

from __future__ import annotations

import pulumi

from infra import cloudflare_sdk as cloudflare


class EdgeZone(pulumi.ComponentResource):
    """One zone. Outputs: `zone_id`."""

    zone_id: pulumi.Output[str]

    def __init__(self, account: str, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("wedcache:edge:EdgeZone", "edge-zone", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        zone = cloudflare.Zone("zone", account={"id": account}, name=name, type="full", opts=child)
        cloudflare.TieredCache("tiered-cache", zone_id=zone.id, value="on", opts=child)
        self.zone_id = zone.id
        self.register_outputs({"zoneId": self.zone_id})
