"""A wedding as a tenant of its cell's distribution: own hosts, own home region, everything else the cell's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import cloudfront

from controlplane.domain.inventory import SharedEdge


class EdgeTenant(pulumi.ComponentResource):
    """Outputs: `tenant_id`; `distribution_id` and `domain` are the cell's."""

    tenant_id: pulumi.Output[str]
    distribution_id: str
    domain: pulumi.Output[str]

    def __init__(
        self,
        wedding: str,
        hosts: Sequence[str],
        regions: tuple[str, str],
        cell: SharedEdge,
        tags: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("wedcache:edge:EdgeTenant", f"edge-{wedding}", {}, opts)
        home, standby = regions
        tenant = cloudfront.DistributionTenant(
            f"edge-{wedding}",
            name=f"wedding-{wedding}",
            distribution_id=cell.distribution_id,
            connection_group_id=cell.connection_group_id,
            domains=[{"domain": host} for host in hosts],
            parameters=[{"name": "home", "value": home}, {"name": "standby", "value": standby}],
            enabled=True,
            wait_for_deployment=False,
            tags=dict(tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.tenant_id, self.distribution_id = tenant.id, cell.distribution_id
        self.domain = pulumi.Output.from_input(cell.endpoint)
        self.register_outputs({"tenantId": self.tenant_id})
