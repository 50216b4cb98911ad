"""A wedding's own CloudFront distribution: behaviours by content class, origin group, cache tags, edge function."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import cloudfront

from controlplane.domain.impact import ORIGIN_READ_SECONDS
from controlplane.domain.inventory import Inventory
from controlplane.domain.tier import Tier

READ = ["GET", "HEAD", "OPTIONS"]
ALL = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
CACHED = ["GET", "HEAD"]
ORIGIN_GROUP = "regions"
TAG_HEADER = "Cache-Tag"
# A response time-out counts towards the origin group's failover only with 504 in the list, a refused connection only
# with 503 (Developer Guide, "Optimize high availability with CloudFront origin failover").
FAILOVER_STATUS = [500, 502, 503, 504]

PERSONAL_PATHS = ("/guests*", "/rsvp*", "/pages/*", "/_ops/*")


@dataclass(frozen=True)
class EdgeDistributionArgs:
    """A distribution's inputs. `content` maps a path pattern to the tier of what is there."""

    wedding: str
    hosts: Sequence[str]
    tags: Mapping[str, str]
    content: Mapping[str, Tier]
    price_class: str = "PriceClass_All"


class EdgeDistribution(pulumi.ComponentResource):
    """Outputs: `distribution_id`, `domain`; it has no tenants."""

    distribution_id: pulumi.Output[str]
    domain: pulumi.Output[str]
    tenant_id: str | None = None

    def __init__(
        self, args: EdgeDistributionArgs, platform: Inventory, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("wedcache:edge:EdgeDistribution", f"edge-{args.wedding}", {}, opts)
        distribution = cloudfront.Distribution(
            f"edge-{args.wedding}",
            enabled=True,
            comment=f"wedding {args.wedding}",
            aliases=list(args.hosts),
            http_version="http2and3",
            is_ipv6_enabled=True,
            price_class=args.price_class,
            cache_tag_config={"header_name": TAG_HEADER},
            origins=[_origin(region.name, region.origin) for region in platform.regions],
            origin_groups=[_origin_group(platform)],
            default_cache_behavior=_behavior(platform, Tier.CRITICAL.value),
            ordered_cache_behaviors=_ordered(platform, args.content),
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            viewer_certificate={
                "acm_certificate_arn": platform.cloudfront.certificate_arn,
                "ssl_support_method": "sni-only",
                "minimum_protocol_version": "TLSv1.2_2021",
            },
            wait_for_deployment=False,
            tags=dict(args.tags),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.distribution_id, self.domain = distribution.id, distribution.domain_name
        self.register_outputs({"distributionId": self.distribution_id, "domain": self.domain})


def _origin(region: str, domain: str) -> dict[str, Any]:
    # Time-outs are explicit and short: stale-if-error waits them out on every request.
    return {
        "origin_id": region,
        "domain_name": domain,
        "connection_attempts": 1,
        "connection_timeout": 1,
        "custom_origin_config": {
            "http_port": 80,
            "https_port": 443,
            "origin_protocol_policy": "https-only",
            "origin_ssl_protocols": ["TLSv1.2"],
            "origin_read_timeout": ORIGIN_READ_SECONDS,
            "origin_keepalive_timeout": 5,
        },
    }


def _origin_group(platform: Inventory) -> dict[str, Any]:
    standby = next(region.name for region in platform.regions if region.name != platform.home)
    return {
        "origin_id": ORIGIN_GROUP,
        "failover_criteria": {"status_codes": FAILOVER_STATUS},
        "members": [{"origin_id": platform.home}, {"origin_id": standby}],
    }


def _behavior(platform: Inventory, policy: str) -> dict[str, Any]:
    """Reads go through the origin group; CloudFront allows no writes with one, so personal paths name the home."""
    reads = policy != "personal"
    return {
        "target_origin_id": ORIGIN_GROUP if reads else platform.home,
        "viewer_protocol_policy": "redirect-to-https",
        "allowed_methods": READ if reads else ALL,
        "cached_methods": CACHED,
        "cache_policy_id": platform.cloudfront.cache_policies[policy],
        "origin_request_policy_id": platform.cloudfront.origin_request_policies["reads" if reads else "personal"],
        "compress": reads,
        "function_associations": [{"event_type": "viewer-request", "function_arn": platform.cloudfront.function_arn}],
    }


def _ordered(platform: Inventory, content: Mapping[str, Tier]) -> list[dict[str, Any]]:
    personal = [{"path_pattern": path, **_behavior(platform, "personal")} for path in PERSONAL_PATHS]
    tiers = [{"path_pattern": path, **_behavior(platform, tier.value)} for path, tier in content.items()]
    return personal + tiers
