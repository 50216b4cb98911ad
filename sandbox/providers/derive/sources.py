"""Which API structure stands behind each provider type, and which properties have code of their own in `types/`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """`service` and `shape` for AWS, or `params` (module:class of the Cloudflare SDK).

    `unnamed`: properties without one API member (they are written in code)."""

    service: str = ""
    shape: str = ""
    params: str = ""
    unnamed: frozenset[str] = frozenset()


def _aws(service: str, shape: str, *unnamed: str) -> Source:
    return Source(service=service, shape=shape, unnamed=frozenset({"region", "tags", "timeouts", *unnamed}))


def _cloudflare(params: str, *unnamed: str) -> Source:
    return Source(params=f"cloudflare.types.{params}", unnamed=frozenset({"accountId", "zoneId", *unnamed}))


SOURCES: dict[str, Source] = {
    "pulumi:providers:aws": Source(),
    "pulumi:providers:cloudflare": Source(),
    "aws:cloudfront/cachePolicy:CachePolicy": _aws("cloudfront", "CachePolicyConfig"),
    "aws:cloudfront/originRequestPolicy:OriginRequestPolicy": _aws("cloudfront", "OriginRequestPolicyConfig"),
    "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy": _aws("cloudfront", "ResponseHeadersPolicyConfig"),
    "aws:cloudfront/function:Function": _aws(
        "cloudfront", "FunctionConfig", "code", "name", "publish", "keyValueStoreAssociations"
    ),
    "aws:cloudfront/keyValueStore:KeyValueStore": _aws("cloudfront", "CreateKeyValueStoreRequest"),
    "aws:cloudfront/distribution:Distribution": _aws(
        "cloudfront", "DistributionConfig", "allowedMethods", "cachedMethods", "retainOnDelete", "waitForDeployment"
    ),
    "aws:cloudfront/multitenantDistribution:MultitenantDistribution": _aws(
        "cloudfront", "DistributionConfig", "activeTrustedKeyGroups"
    ),
    "aws:cloudfront/distributionTenant:DistributionTenant": _aws(
        "cloudfront", "CreateDistributionTenantRequest", "status", "waitForDeployment"
    ),
    "aws:cloudfront/connectionGroup:ConnectionGroup": _aws(
        "cloudfront", "CreateConnectionGroupRequest", "waitForDeployment"
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": _aws(
        "elasticache", "CreateCacheParameterGroupMessage", "parameters"
    ),
    "aws:elasticache/replicationGroup:ReplicationGroup": _aws(
        "elasticache",
        "CreateReplicationGroupMessage",
        "applyImmediately",
        "authTokenUpdateStrategy",
        "authTokenWo",
        "authTokenWoVersion",
        "finalSnapshotIdentifier",
        "destination",
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": _aws(
        "s3", "PublicAccessBlockConfiguration", "bucket", "skipDestroy"
    ),
    "aws:s3/bucketObjectv2:BucketObjectv2": _aws(
        "s3",
        "PutObjectRequest",
        "content",
        "contentBase64",
        "etag",
        "forceDestroy",
        "overrideProvider",
        "source",
        "sourceHash",
    ),
    "aws:s3/bucket:Bucket": Source(),
    "aws:s3/bucketVersioning:BucketVersioning": Source(),
    "cloudflare:index/zone:Zone": _cloudflare("zones.zone_create_params:ZoneCreateParams"),
    "cloudflare:index/dnsRecord:DnsRecord": _cloudflare("dns.record_create_params:RecordCreateParams"),
    "cloudflare:index/ruleset:Ruleset": _cloudflare("rulesets.ruleset_create_params:RulesetCreateParams"),
    "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": _cloudflare(
        "load_balancers.monitor_create_params:MonitorCreateParams"
    ),
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": _cloudflare(
        "load_balancers.pool_create_params:PoolCreateParams"
    ),
    "cloudflare:index/loadBalancer:LoadBalancer": _cloudflare(
        "load_balancers.load_balancer_create_params:LoadBalancerCreateParams"
    ),
    "cloudflare:index/tieredCache:TieredCache": _cloudflare(
        "cache.smart_tiered_cache_create_params:SmartTieredCacheCreateParams"
    ),
    "cloudflare:index/apiToken:ApiToken": _cloudflare("user.token_create_params:TokenCreateParams", "status"),
}
