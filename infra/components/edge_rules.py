"""Cloudflare's cache rules and cache response rules: one ruleset a phase, with stable refs, written by infra alone."""

from __future__ import annotations

from typing import Any

import pulumi

from controlplane.domain.tier import Tier
from infra import cloudflare_sdk as cloudflare

PERSONAL_PATHS = ("/guests", "/rsvp", "/_ops/")


class EdgeRules(pulumi.ComponentResource):
    """The rulesets of one portal host. No outputs."""

    def __init__(self, zone_id: pulumi.Input[str], host: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("wedcache:edge:EdgeRules", "edge-rules", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        cloudflare.Ruleset(
            "cache-rules",
            zone_id=zone_id,
            kind="zone",
            name="wedcache cache rules",
            phase="http_request_cache_settings",
            rules=cache_rules(host),
            opts=child,
        )
        cloudflare.Ruleset(
            "cache-response-rules",
            zone_id=zone_id,
            kind="zone",
            name="wedcache cache response rules",
            phase="http_response_cache_settings",
            rules=response_rules(host),
            opts=child,
        )
        self.register_outputs({})


def cache_rules(host: str) -> list[dict[str, Any]]:
    """Pages are cached as the origin says; personal paths never. The last matching rule wins."""
    personal = " or ".join(f'starts_with(http.request.uri.path, "{path}")' for path in PERSONAL_PATHS)
    return [
        {
            "ref": "pages",
            "description": "Cache what the origin declares cacheable",
            "expression": f'(http.host eq "{host}")',
            "action": "set_cache_settings",
            "action_parameters": {
                "cache": True,
                "edge_ttl": {"mode": "respect_origin"},
                "browser_ttl": {"mode": "respect_origin"},
                "serve_stale": {"disable_stale_while_updating": False},
            },
            "enabled": True,
        },
        {
            "ref": "personal",
            "description": "Never cache personal paths",
            "expression": f'(http.host eq "{host}" and ({personal}))',
            "action": "set_cache_settings",
            "action_parameters": {"cache": False},
            "enabled": True,
        },
    ]


def response_rules(host: str) -> list[dict[str, Any]]:
    """Stale directives, injected at the edge for the portal: Cloudflare can, CloudFront cannot."""
    window = int(Tier.MEDIUM.profile.stale.total_seconds())
    directive = {"operation": "set", "value": window, "cloudflare_only": True}
    return [
        {
            "ref": "stale",
            "description": "Serve stale while revalidating and when the origin fails",
            "expression": f'(http.host eq "{host}")',
            "action": "set_cache_control",
            "action_parameters": {"stale_while_revalidate": directive, "stale_if_error": directive},
            "enabled": True,
        }
    ]
