"""Steering of the portal between regions: one armed monitor, a pool a region, one load balancer."""

from __future__ import annotations

import pulumi

from infra import cloudflare_sdk as cloudflare
from infra import naming, ownership
from infra.stack_settings import PlatformSettings

PORTAL = "app"


class TrafficSteering(pulumi.ComponentResource):
    """Outputs: `load_balancer_id`, `monitor_id`, `pools` (region -> pool id)."""

    load_balancer_id: pulumi.Output[str]
    monitor_id: pulumi.Output[str]
    pools: dict[str, pulumi.Output[str]]

    def __init__(
        self, settings: PlatformSettings, zone_id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("wedcache:edge:TrafficSteering", "traffic-steering", {}, opts)
        self._account = settings.cloudflare.account
        monitor = self._monitor(settings)
        self.pools = {region: self._pool(settings, region, monitor.id).id for region in _home_first(settings)}
        ordered = list(self.pools.values())
        balancer = cloudflare.LoadBalancer(
            "portal",
            zone_id=zone_id,
            name=f"{PORTAL}.{settings.zone}",
            default_pools=ordered,
            fallback_pool=ordered[-1],
            steering_policy="off",
            proxied=True,
            adaptive_routing={"failover_across_pools": True},
            opts=self._child("cloudflare:index/loadBalancer:LoadBalancer"),
        )
        self.load_balancer_id, self.monitor_id = balancer.id, monitor.id
        self.register_outputs({"loadBalancerId": balancer.id, "monitorId": monitor.id, "pools": self.pools})

    def _child(self, token: str = "") -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, ignore_changes=ownership.ignored(token))

    def _monitor(self, settings: PlatformSettings) -> cloudflare.LoadBalancerMonitor:
        return cloudflare.LoadBalancerMonitor(
            "region-health",
            account_id=self._account,
            type="https",
            method="GET",
            path="/health",
            expected_codes="200",
            interval=settings.cloudflare.monitor_seconds,
            timeout=2,
            retries=1,
            consecutive_down=1,
            consecutive_up=1,
            description="The path that a drain flag turns to 503",
            opts=self._child(),
        )

    def _pool(self, settings: PlatformSettings, region: str, monitor: pulumi.Input[str]) -> cloudflare.LoadBalancerPool:
        host = naming.origin_host(region, settings.zone)
        return cloudflare.LoadBalancerPool(
            f"pool-{region}",
            account_id=self._account,
            name=f"wedcache-{region}",
            monitor=monitor,
            minimum_origins=1,
            enabled=True,
            origins=[{"name": region, "address": host, "enabled": True, "weight": 1, "port": 443}],
            opts=self._child("cloudflare:index/loadBalancerPool:LoadBalancerPool"),
        )


def _home_first(settings: PlatformSettings) -> list[str]:
    return [settings.home, *(region for region in settings.regions if region != settings.home)]
