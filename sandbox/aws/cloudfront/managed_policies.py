"""Those of AWS's managed policies that a declaration is likely to name (developer guide, managed policies)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.aws.cloudfront.state import Policy

_MADE = datetime(2020, 7, 22, tzinfo=UTC)


def _policy(policy_id: str, config: dict[str, Any]) -> tuple[str, Policy]:
    return policy_id, Policy(policy_id, config, "E23ZP02F085DFQ", _MADE, type="managed")


def _cache(name: str, comment: str, ttls: tuple[int, int, int], compressed: bool) -> dict[str, Any]:
    return {
        "Name": name,
        "Comment": comment,
        "MinTTL": ttls[0],
        "DefaultTTL": ttls[1],
        "MaxTTL": ttls[2],
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": compressed,
            "EnableAcceptEncodingBrotli": compressed,
            "HeadersConfig": {"HeaderBehavior": "none"},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
    }


def _forward(name: str, comment: str, headers: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": name,
        "Comment": comment,
        "HeadersConfig": headers,
        "CookiesConfig": {"CookieBehavior": "all"},
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }


MANAGED: dict[str, dict[str, Policy]] = {
    "CachePolicy": dict(
        (
            _policy(
                "658327ea-f89d-4fab-a63d-7e88639e58f6",
                _cache(
                    "Managed-CachingOptimized",
                    "Policy with caching enabled. Supports Gzip and Brotli compression.",
                    (1, 86_400, 31_536_000),
                    True,
                ),
            ),
            _policy(
                "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
                _cache("Managed-CachingDisabled", "Policy with caching disabled", (0, 0, 0), False),
            ),
        )
    ),
    "OriginRequestPolicy": dict(
        (
            _policy(
                "216adef6-5c7f-47e4-b989-5492eafa07d3",
                _forward(
                    "Managed-AllViewer",
                    "Policy to forward all parameters in viewer requests",
                    {"HeaderBehavior": "allViewer"},
                ),
            ),
            _policy(
                "b689b0a8-53d0-40ab-baf2-68738e2966ac",
                _forward(
                    "Managed-AllViewerExceptHostHeader",
                    "Policy to forward all parameters in viewer requests except for the Host header",
                    {"HeaderBehavior": "allExcept", "Headers": {"Quantity": 1, "Items": ["host"]}},
                ),
            ),
        )
    ),
    "ResponseHeadersPolicy": {},
}
