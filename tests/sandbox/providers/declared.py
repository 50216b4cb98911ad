"""What a program declares of each type, and a change to it that the vendor makes in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.providers.values import Properties

NONE_KEY: Properties = {
    "cookiesConfig": {"cookieBehavior": "none"},
    "headersConfig": {"headerBehavior": "none"},
    "queryStringsConfig": {"queryStringBehavior": "whitelist", "queryStrings": {"items": ["q", "page"]}},
}
ORIGIN_SETTINGS: Properties = {
    "httpPort": 80,
    "httpsPort": 443,
    "originProtocolPolicy": "https-only",
    "originSslProtocols": ["TLSv1.2"],
    "originReadTimeout": 2,
    "originKeepaliveTimeout": 5,
}


@dataclass(frozen=True)
class Case:
    """A declaration, a change of it, and a drift that somebody else can cause (checked where it is easy to make)."""

    token: str
    declared: Properties
    change: Properties
    replacing: Properties


def origin(name: str) -> Properties:
    """One region's origin."""
    return {
        "originId": name,
        "domainName": f"{name}.origin.weddings.example",
        "connectionAttempts": 1,
        "connectionTimeout": 1,
        "customOriginConfig": ORIGIN_SETTINGS,
    }


def behavior(cache_policy: str) -> Properties:
    """Reads through the origin group."""
    return {
        "targetOriginId": "regions",
        "viewerProtocolPolicy": "redirect-to-https",
        "allowedMethods": ["OPTIONS", "GET", "HEAD"],
        "cachedMethods": ["GET", "HEAD"],
        "cachePolicyId": cache_policy,
        "compress": True,
    }


def distribution(cache_policy: str, **more: Any) -> Properties:
    """A wedding's distribution: two regions, one group, cache tags."""
    return {
        "enabled": True,
        "comment": "wedding",
        "httpVersion": "http2and3",
        "isIpv6Enabled": True,
        "cacheTagConfig": {"headerName": "Cache-Tag"},
        "origins": [origin("us-east-1"), origin("eu-central-1")],
        "originGroups": [
            {
                "originId": "regions",
                "failoverCriteria": {"statusCodes": [504, 500, 502, 503]},
                "members": [{"originId": "us-east-1"}, {"originId": "eu-central-1"}],
            }
        ],
        "defaultCacheBehavior": behavior(cache_policy),
        "orderedCacheBehaviors": [{"pathPattern": "/photos/*", **behavior(cache_policy)}],
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "viewerCertificate": {"cloudfrontDefaultCertificate": True},
        "tags": {"wedding": "como"},
        **more,
    }


def shared_distribution(cache_policy: str, **more: Any) -> Properties:
    """A cell's distribution: one origin, whose name each tenant completes."""
    home = {"name": "home", "definitions": [{"stringSchemas": [{"required": False, "defaultValue": "us-east-1"}]}]}
    return {
        "enabled": True,
        "comment": "cell",
        "httpVersion": "http2and3",
        "origins": [
            {
                "id": "home",
                "domainName": "{{home}}.origin.weddings.example",
                "connectionAttempts": 1,
                "connectionTimeout": 1,
                "customOriginConfigs": [ORIGIN_SETTINGS],
            }
        ],
        "defaultCacheBehavior": {
            "targetOriginId": "home",
            "viewerProtocolPolicy": "redirect-to-https",
            "allowedMethods": {"items": ["HEAD", "GET"], "cachedMethods": ["GET", "HEAD"]},
            "cachePolicyId": cache_policy,
        },
        "tenantConfig": {"parameterDefinitions": [home]},
        "restrictions": {"geoRestriction": {"restrictionType": "none"}},
        "viewerCertificate": {
            "acmCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678",
            "sslSupportMethod": "sni-only",
            "minimumProtocolVersion": "TLSv1.2_2021",
        },
        "tags": {"cell": "default"},
        **more,
    }


CASES: tuple[Case, ...] = (
    Case(
        "aws:cloudfront/cachePolicy:CachePolicy",
        {"minTtl": 60, "defaultTtl": 300, "parametersInCacheKeyAndForwardedToOrigin": NONE_KEY},
        {"defaultTtl": 600},
        {},
    ),
    Case(
        "aws:cloudfront/originRequestPolicy:OriginRequestPolicy",
        {**NONE_KEY, "queryStringsConfig": {"queryStringBehavior": "all"}, "comment": "forward"},
        {"headersConfig": {"headerBehavior": "whitelist", "headers": {"items": ["X-B", "X-A"]}}},
        {},
    ),
    Case(
        "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy",
        {
            "customHeadersConfig": {"items": [{"header": "x-a", "value": "1", "override": True}]},
            "securityHeadersConfig": {"strictTransportSecurity": {"accessControlMaxAgeSec": 300, "override": True}},
        },
        {"comment": "changed"},
        {},
    ),
    Case(
        "aws:cloudfront/function:Function",
        {"runtime": "cloudfront-js-2.0", "code": "function handler(event) { return event.request; }"},
        {"code": "async function handler(event) { return event.request; }", "comment": "new"},
        {"name": "other"},
    ),
    Case("aws:cloudfront/keyValueStore:KeyValueStore", {"comment": "edge"}, {"comment": "new"}, {"name": "other"}),
    Case(
        "aws:cloudfront/connectionGroup:ConnectionGroup",
        {"ipv6Enabled": True, "tags": {"cell": "default"}},
        {"ipv6Enabled": False, "tags": {"cell": "two"}},
        {"name": "other"},
    ),
    Case(
        "aws:elasticache/parameterGroup:ParameterGroup",
        {
            "family": "valkey9",
            "region": "us-east-1",
            "parameters": [{"name": "maxmemory-policy", "value": "volatile-lru"}],
            "tags": {"a": "1"},
        },
        {"parameters": [{"name": "maxmemory-policy", "value": "volatile-ttl"}], "tags": {"b": "2"}},
        {"family": "valkey8"},
    ),
    Case(
        "aws:elasticache/replicationGroup:ReplicationGroup",
        {
            "description": "cache",
            "engine": "valkey",
            "engineVersion": "9.0",
            "nodeType": "cache.t4g.small",
            "numCacheClusters": 2,
            "automaticFailoverEnabled": True,
            "multiAzEnabled": True,
            "region": "us-east-1",
            "port": 6379,
            "atRestEncryptionEnabled": True,
            "maintenanceWindow": "tue:09:00-tue:10:00",
            "applyImmediately": True,
            "tags": {"a": "1"},
        },
        {"description": "changed", "tags": {"a": "2"}},
        {"port": 6380},
    ),
    Case("aws:s3/bucket:Bucket", {"region": "us-east-1", "tags": {"a": "1"}}, {"tags": {"b": "2"}}, {"bucket": "z"}),
    Case("cloudflare:index/zone:Zone", {"name": "lifecycle.example"}, {"paused": True}, {"name": "other.example"}),
    Case(
        "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor",
        {"type": "https", "path": "/health", "expectedCodes": "200", "interval": 15, "timeout": 2},
        {"retries": 1, "description": "armed"},
        {"accountId": "0" * 32},
    ),
    Case(
        "cloudflare:index/loadBalancerPool:LoadBalancerPool",
        {
            "name": "lifecycle",
            "origins": [
                {
                    "name": "b",
                    "address": "192.0.2.1",
                    "port": 443,
                    "weight": 1,
                    "enabled": True,
                    "header": {"hosts": ["app.weddings.example"]},
                },
                {"name": "a", "address": "192.0.2.2", "enabled": True},
            ],
        },
        {"enabled": False, "description": "drained"},
        {"accountId": "0" * 32},
    ),
)
