"""CloudFront policies, one set for all weddings: 20 an account, so they are per tier and never per wedding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws import cloudfront

from controlplane.domain.edge_keys import EDITION_HEADER
from controlplane.domain.tier import Tier
from infra import naming
from infra.tier_profiles import EdgeTtl, edge_ttl

PERSONAL = "personal"
NEVER = EdgeTtl(0, 0, 0)


class EdgePolicies(pulumi.ComponentResource):
    """A cache policy per tier in use, one that never caches (`personal`), and what each forwards.

    Outputs: `cache_policies` (tier or `personal` -> id), `shared_policies` (tier -> id; the same with Host in the key,
    for distributions that weddings share; {} without `shared`), `origin_request_policies` (`reads`, `personal` -> id).
    """

    cache_policies: dict[str, pulumi.Output[str]]
    shared_policies: dict[str, pulumi.Output[str]]
    origin_request_policies: dict[str, pulumi.Output[str]]

    def __init__(self, stack: str, *, shared: bool = False, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("wedcache:edge:EdgePolicies", "edge-policies", {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        bounds = {tier.value: edge_ttl(tier) for tier in Tier} | {PERSONAL: NEVER}
        self.cache_policies = {name: _cache_policy(stack, name, ttl, child).id for name, ttl in bounds.items()}
        self.shared_policies = {
            tier.value: _cache_policy(stack, f"shared-{tier.value}", edge_ttl(tier), child, ["Host"]).id
            for tier in Tier
            if shared
        }
        self.origin_request_policies = {
            "reads": _forwarding(stack, "reads", "whitelist", ["Host", "X-Wedcache-Freeze"], "none", child).id,
            # Personal paths carry cookies, authorization and idempotency keys: nothing is held back.
            "personal": _forwarding(stack, "personal", "allViewer", [], "all", child).id,
        }
        self.register_outputs(
            {"cachePolicies": self.cache_policies, "originRequestPolicies": self.origin_request_policies}
        )


def _forwarding(
    stack: str, name: str, headers: str, items: list[str], cookies: str, opts: pulumi.ResourceOptions
) -> cloudfront.OriginRequestPolicy:
    listed = {"headers": {"items": items}} if items else {}
    return cloudfront.OriginRequestPolicy(
        f"forward-{name}",
        name=naming.edge_name(stack, f"forward-{name}"),
        comment="What the origin sees of the viewer's request",
        cookies_config={"cookie_behavior": cookies},
        headers_config={"header_behavior": headers, **listed},
        query_strings_config={"query_string_behavior": "all"},
        opts=opts,
    )


def _cache_policy(
    stack: str, name: str, ttl: EdgeTtl, opts: pulumi.ResourceOptions, headers: Sequence[str] = ()
) -> cloudfront.CachePolicy:
    keyed: dict[str, Any] = {"header_behavior": "none"}
    query = {"query_string_behavior": "none"}
    if ttl.longest:
        # Only the edge function says which edition of a page guests get (`controlplane/domain/edge_keys.py`).
        keyed = {"header_behavior": "whitelist", "headers": {"items": [*headers, EDITION_HEADER]}}
        query = {"query_string_behavior": "whitelist", "query_strings": {"items": ["page", "q"]}}  # type: ignore[dict-item]  # the SDK nests a mapping
    return cloudfront.CachePolicy(
        f"cache-{name}",
        name=naming.edge_name(stack, name),
        min_ttl=ttl.shortest,
        default_ttl=ttl.default,
        max_ttl=ttl.longest,
        parameters_in_cache_key_and_forwarded_to_origin={
            "cookies_config": {"cookie_behavior": "none"},
            # Hosts share paths: two weddings behind one distribution would share pages without Host in the key. A
            # distribution of its own is part of the key already.
            "headers_config": keyed,
            "query_strings_config": query,
            "enable_accept_encoding_brotli": bool(ttl.longest),
            "enable_accept_encoding_gzip": bool(ttl.longest),
        },
        opts=opts,
    )
