"""One region's cache: a Valkey replication group with its parameter group."""

from __future__ import annotations

import pulumi
from pulumi_aws import elasticache

from controlplane.domain.tier import Tier
from infra import naming
from infra.stack_settings import RegionalCacheSettings

FAMILY = "valkey9"
ENGINE_VERSION = "9.0"
# Between Monday 12:00 and Thursday 10:00 UTC it is neither Friday, Saturday nor Sunday anywhere.
MAINTENANCE = "tue:09:00-tue:10:00"


class RegionalCache(pulumi.ComponentResource):
    """A primary and a replica. Outputs: `primary`, `replica` (host names), `port`."""

    primary: pulumi.Output[str]
    replica: pulumi.Output[str]
    port: pulumi.Output[int]

    def __init__(
        self, stack: str, region: str, settings: RegionalCacheSettings, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("wedcache:cache:RegionalCache", f"cache-{region}", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        parameters = elasticache.ParameterGroup(
            f"cache-parameters-{region}",
            name=naming.parameter_group(stack, region),
            family=FAMILY,
            region=region,
            description="Evicts only what carries a TTL: purge log, barriers and epochs stay",
            parameters=[{"name": "maxmemory-policy", "value": "volatile-lru"}],
            tags=naming.tags(stack, f"region:{region}"),
            opts=child,
        )
        group = elasticache.ReplicationGroup(
            f"cache-{region}",
            replication_group_id=naming.cache_group(stack, Tier.CRITICAL.value, region),
            region=region,
            description="Pages, guest data and the purge log of one region",
            engine="valkey",
            engine_version=ENGINE_VERSION,
            node_type=settings.node_type,
            num_cache_clusters=2,
            automatic_failover_enabled=True,
            multi_az_enabled=True,
            parameter_group_name=parameters.name,
            at_rest_encryption_enabled=True,
            transit_encryption_enabled=settings.transit_encryption,
            maintenance_window=MAINTENANCE,
            apply_immediately=True,  # without it a change of node type is a silent no-op (pulumi-aws#2039)
            tags=naming.tags(stack, f"region:{region}"),
            opts=child,
        )
        self.primary = group.primary_endpoint_address
        self.replica = group.reader_endpoint_address
        self.port = group.port.apply(int)
        self.register_outputs({"primary": self.primary, "replica": self.replica, "port": self.port})
