"""Cloudflare load balancing: monitors, pools and load balancers.

Source of facts: the API reference; force-new and defaults from terraform-provider-cloudflare's schema files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.providers.project import Rules
from sandbox.providers.types.cloudflare_api import Collection

MONITOR = "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor"
POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
BALANCER = "cloudflare:index/loadBalancer:LoadBalancer"

MONITOR_DEFAULTS: dict[str, Any] = {
    "type": "http",
    "method": "GET",
    "path": "/",
    "interval": 60,
    "retries": 2,
    "timeout": 5,
    "consecutiveDown": 0,
    "consecutiveUp": 0,
    "allowInsecure": False,
    "followRedirects": False,
}
POOL_DEFAULTS: dict[str, Any] = {"enabled": True, "minimumOrigins": 1}
POOL_NESTED: dict[str, Any] = {
    "origins.enabled": True,
    "origins.weight": 1,
    "origins.flattenCname": True,
    "originSteering.policy": "random",
    "loadShedding.defaultPolicy": "random",
    "loadShedding.sessionPolicy": "hash",
}
BALANCER_DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "proxied": False,
    "steeringPolicy": "",
    "sessionAffinity": "none",
}
BALANCER_NESTED: dict[str, Any] = {
    "locationStrategy.mode": "pop",
    "locationStrategy.preferEcs": "proximity",
    "randomSteering.defaultWeight": 1,
    "sessionAffinityAttributes.samesite": "Auto",
    "sessionAffinityAttributes.secure": "Auto",
    "sessionAffinityAttributes.zeroDowntimeFailover": "none",
}


def _account(kind: str) -> Any:
    def home(inputs: Mapping[str, Any]) -> str:
        return f"/accounts/{inputs['accountId']}/load_balancers/{kind}"

    return home


ROWS = (
    Collection(
        MONITOR, home=_account("monitors"), unique=("type", "path", "description", "interval"), lasting=("accountId",)
    ).row(
        force_new=("accountId",),
        fill=MONITOR_DEFAULTS,
        rules=Rules(defaults=MONITOR_DEFAULTS, computed=frozenset({"port", "expectedCodes"})),
    ),
    Collection(POOL, home=_account("pools"), unique=("name",), lasting=("accountId",)).row(
        force_new=("accountId",),
        fill=POOL_DEFAULTS,
        rules=Rules(
            sets=frozenset({"checkRegions", "origins"}),
            defaults={**POOL_DEFAULTS, **POOL_NESTED},
            computed=frozenset({"healthSources", "origins.disabledAt", "origins.port", "networks"}),
        ),
    ),
    Collection(
        BALANCER,
        home=lambda inputs: f"/zones/{inputs['zoneId']}/load_balancers",
        unique=("name",),
        lasting=("zoneId",),
    ).row(
        force_new=("zoneId",),
        fill=BALANCER_DEFAULTS,
        rules=Rules(
            defaults={**BALANCER_DEFAULTS, **BALANCER_NESTED},
            computed=frozenset({"ttl", "sessionAffinityTtl", "networks"}),
        ),
    ),
)
