"""Which property belongs to the control plane: declared once, then left alone by infra (`ignore_changes`)."""

from __future__ import annotations

CONTROL_PLANE_OWNED: dict[str, tuple[str, ...]] = {
    # Draining a region edits its pool's origins; undoing that is failback's work, not an update's.
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": ("enabled", "origins[*].enabled", "origins[*].weight"),
    # Which region comes first changes at failover.
    "cloudflare:index/loadBalancer:LoadBalancer": ("defaultPools",),
}
"""Provider type -> input properties (Pulumi property paths) that `wedcache` changes at run time."""

EMERGENCY_SWITCHES: dict[str, str] = {"argo/tiered_caching": "on", "argo/smart_routing": "on"}
"""Cloudflare's cache switches that emergency mode sets and gives back: no resource of infra declares them. Both mean
fewer and better ways to the origin, and cost money on quiet days."""


def ignored(token: str) -> list[str]:
    """The `ignore_changes` of a type."""
    return list(CONTROL_PLANE_OWNED.get(token, ()))
