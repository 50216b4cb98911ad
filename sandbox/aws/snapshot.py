"""What POPs may know of CloudFront: what was declared, published and written, as one JSON object."""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront import deployment, stores
from sandbox.aws.cloudfront.managed_policies import MANAGED
from sandbox.aws.world import World

_POLICIES = {
    "cache_policies": "CachePolicy",
    "origin_request_policies": "OriginRequestPolicy",
    "response_headers_policies": "ResponseHeadersPolicy",
}


def snapshot(world: World, after: int) -> dict[str, Any]:
    """The whole edge configuration, and the invalidations later than `after`. The caller holds the world's lock."""
    cloudfront = world.cloudfront
    return {
        "seq": world.edge.seq,
        "distributions": [
            {
                "id": distribution.id,
                "arn": distribution.arn,
                "domain": distribution.domain,
                "status": deployment.status(world, distribution),
                "config": distribution.config,
            }
            for distribution in cloudfront.distributions.values()
        ],
        **{
            name: {policy.id: policy.config for policy in (MANAGED[noun] | cloudfront.policies[noun]).values()}
            for name, noun in _POLICIES.items()
        },
        "functions": {
            function.arn: {
                "code": function.live.code.decode(),
                "runtime": function.live.config["Runtime"],
                "kvs": stores.associated(function.live.config),
            }
            for function in cloudfront.functions.values()
            if function.live is not None
        },
        "tenants": [
            {
                "id": tenant.id,
                "distribution_id": tenant.distribution_id,
                "domains": tenant.domains,
                "parameters": {row["Name"]: row["Value"] for row in tenant.declared.get("Parameters") or []},
                "enabled": tenant.enabled and cloudfront.connection_groups[tenant.group_id].enabled,
            }
            for tenant in cloudfront.tenants.values()
        ],
        "kvs": {store.arn: dict(store.pairs) for store in cloudfront.stores.values()},
        "invalidations": [
            {
                "seq": invalidation.seq,
                "owner": invalidation.owner,
                "id": invalidation.id,
                "items": invalidation.batch["Paths"]["Items"],
            }
            for listed in cloudfront.invalidations.values()
            for invalidation in listed
            if invalidation.seq > after
        ],
    }
