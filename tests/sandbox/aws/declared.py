"""Configurations as the stacks declare them, for tests to start from and to spoil."""

from __future__ import annotations

from typing import Any

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""AWS's managed policy CachingOptimized."""

CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/12345678",
    "SSLSupportMethod": "sni-only",
    "MinimumProtocolVersion": "TLSv1.2_2021",
}


def cache_policy(name: str, **changes: Any) -> dict[str, Any]:
    """A CachePolicyConfig of the high tier."""
    return {
        "Name": name,
        "MinTTL": 60,
        "DefaultTTL": 3600,
        "MaxTTL": 86400,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": True,
            "HeadersConfig": {"HeaderBehavior": "whitelist", "Headers": {"Quantity": 1, "Items": ["Accept-Language"]}},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        },
        **changes,
    }


def origin(region: str, **changes: Any) -> dict[str, Any]:
    """An origin of one region."""
    return {
        "Id": region,
        "DomainName": f"{region}.origin.weddings.example",
        "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
        **changes,
    }


def listed(*items: Any) -> dict[str, Any]:
    """CloudFront's {Quantity, Items}."""
    return {"Quantity": len(items), "Items": list(items)} if items else {"Quantity": 0}


def origin_group(*codes: int, members: tuple[str, ...] = ("eu-central-1", "us-east-1")) -> dict[str, Any]:
    """An origin group over two regions."""
    return {
        "Id": "both",
        "FailoverCriteria": {"StatusCodes": listed(*codes)},
        "Members": listed(*({"OriginId": member} for member in members)),
    }


def distribution(reference: str, policy: str, **changes: Any) -> dict[str, Any]:
    """A DistributionConfig over two regions with cache tags; `changes` replace its members."""
    return {
        "CallerReference": reference,
        "Comment": "como",
        "Enabled": True,
        "CacheTagConfig": {"HeaderName": "Cache-Tag"},
        "Origins": listed(origin("eu-central-1"), origin("us-east-1")),
        "OriginGroups": listed(origin_group(500, 503, 504)),
        "DefaultCacheBehavior": behavior(policy),
        **changes,
    }


def behavior(policy: str, **changes: Any) -> dict[str, Any]:
    """The default cache behaviour: to the origin group, with a cache policy."""
    return {"TargetOriginId": "both", "ViewerProtocolPolicy": "https-only", "CachePolicyId": policy, **changes}


def parameter(name: str, **schema: Any) -> dict[str, Any]:
    """One parameter definition."""
    return {"Name": name, "Definition": {"StringSchema": {"Required": False, **schema}}}


def shared(reference: str, **changes: Any) -> dict[str, Any]:
    """A DistributionConfig for tenants, whose origin's name each tenant completes."""
    config = distribution(
        reference,
        OPTIMIZED,
        ConnectionMode="tenant-only",
        TenantConfig={"ParameterDefinitions": [parameter("home", Required=True)]},
        Origins=listed(origin("home", DomainName="{{home}}.origin.weddings.example")),
        OriginGroups=listed(),
        DefaultCacheBehavior=behavior(OPTIMIZED, TargetOriginId="home"),
        ViewerCertificate=CERTIFICATE,
    )
    del config["CacheTagConfig"]
    return {**config, **changes}


def replication_group(name: str, **changes: Any) -> dict[str, Any]:
    """CreateReplicationGroup's parameters of the high tier."""
    return {
        "ReplicationGroupId": name,
        "ReplicationGroupDescription": "regional cache",
        "Engine": "valkey",
        "EngineVersion": "8.2",
        "CacheNodeType": "cache.r7g.large",
        "NumCacheClusters": 2,
        "AutomaticFailoverEnabled": True,
        "MultiAZEnabled": True,
        "TransitEncryptionEnabled": True,
        **changes,
    }
