"""One cell's CloudFront distribution, which many weddings share as tenants.

The provider's MultitenantDistribution has no cache tags and no price class (pulumi-aws 7.51): an update would take a
header set through the API away again, so purges of a tenant go by paths. What parts the tenants is Host in the cache
key: that CloudFront would do it by itself is documented nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_aws import cloudfront

from controlplane.domain.impact import ORIGIN_READ_SECONDS
from controlplane.domain.tier import Tier
from infra import naming
from infra.components.edge_distribution import ALL, CACHED, FAILOVER_STATUS, ORIGIN_GROUP, PERSONAL_PATHS, READ
from infra.components.edge_policies import PERSONAL, EdgePolicies
from infra.stack_settings import PlatformSettings
from infra.tier_profiles import CONTENT

ROLES = ("home", "standby")
"""A tenant's parameters: the region that serves it, and the one that does when that fails."""


class SharedEdge(pulumi.ComponentResource):
    """A connection group and a multi-tenant distribution. Outputs: `distribution_id`, `connection_group_id`,
    `endpoint`."""

    distribution_id: pulumi.Output[str]
    connection_group_id: pulumi.Output[str]
    endpoint: pulumi.Output[str]

    def __init__(
        self,
        stack: str,
        cell: str,
        settings: PlatformSettings,
        policies: EdgePolicies,
        function_arn: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("wedcache:edge:SharedEdge", f"cell-{cell}", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        tags = naming.tags(stack, "platform")
        group = cloudfront.ConnectionGroup(
            f"cell-{cell}", name=naming.edge_name(stack, cell), enabled=True, ipv6_enabled=True, tags=tags, opts=child
        )
        behaviours = _Behaviours(policies, function_arn)
        distribution = cloudfront.MultitenantDistribution(
            f"cell-{cell}",
            enabled=True,
            comment=f"weddings of the cell {cell}",
            http_version="http2and3",
            origins=[_origin(role, settings.zone) for role in ROLES],
            origin_groups=[
                {
                    "id": ORIGIN_GROUP,
                    "failover_criteria": {"status_codes": FAILOVER_STATUS},
                    "members": [{"origin_id": role} for role in ROLES],
                }
            ],
            default_cache_behavior=behaviours.of(Tier.CRITICAL.value),
            cache_behaviors=behaviours.ordered(CONTENT),
            tenant_config={"parameter_definitions": [_parameter(role) for role in ROLES]},
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={
                "acm_certificate_arn": settings.certificate,
                "ssl_support_method": "sni-only",
                "minimum_protocol_version": "TLSv1.2_2021",
            },
            tags=tags,
            opts=child,
        )
        self.distribution_id, self.connection_group_id = distribution.id, group.id
        self.endpoint = group.routing_endpoint
        self.register_outputs({"distributionId": self.distribution_id, "endpoint": self.endpoint})


class _Behaviours:
    """A cell's cache behaviours: those of a wedding's own distribution, in this type's spelling."""

    def __init__(self, policies: EdgePolicies, function_arn: pulumi.Input[str]) -> None:
        self._policies = policies
        self._function_arn = function_arn

    def of(self, policy: str) -> dict[str, Any]:
        reads = policy != PERSONAL
        caches = self._policies.shared_policies if reads else self._policies.cache_policies
        return {
            "target_origin_id": ORIGIN_GROUP if reads else "home",
            "viewer_protocol_policy": "redirect-to-https",
            "allowed_methods": {"items": READ if reads else ALL, "cached_methods": CACHED},
            "cache_policy_id": caches[policy],
            "origin_request_policy_id": self._policies.origin_request_policies["reads" if reads else PERSONAL],
            "compress": reads,
            "function_associations": [{"event_type": "viewer-request", "function_arn": self._function_arn}],
        }

    def ordered(self, content: Mapping[str, Tier]) -> list[dict[str, Any]]:
        personal = [{"path_pattern": path, **self.of(PERSONAL)} for path in PERSONAL_PATHS]
        return personal + [{"path_pattern": path, **self.of(tier.value)} for path, tier in content.items()]


def _origin(role: str, zone: str) -> dict[str, Any]:
    return {
        "id": role,
        "domain_name": naming.origin_host("{{" + role + "}}", zone),
        "connection_attempts": 1,
        "connection_timeout": 1,
        "custom_origin_configs": [
            {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
                "origin_read_timeout": ORIGIN_READ_SECONDS,
                "origin_keepalive_timeout": 5,
            }
        ],
    }


def _parameter(role: str) -> dict[str, Any]:
    comment = f"the region that is the wedding's {role}"
    return {"name": role, "definitions": [{"string_schemas": [{"required": True, "comment": comment}]}]}
