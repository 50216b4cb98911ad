"""What is left at the vendors, asked through their own APIs with another caller than Pulumi's."""

from __future__ import annotations

from typing import Any

from sandbox.run import Run
from sandbox.world import world_of


def left_at_the_vendors(run: Run) -> dict[str, list[str]]:
    """Kind -> what still exists of it; an empty mapping when nothing is left."""
    found = {**_cloudfront(run), **_regional(run), **_cloudflare(run)}
    return {kind: names for kind, names in found.items() if names}


def client(run: Run, service: str, region: str) -> Any:
    """A client of the emulated AWS with the witness's own credentials."""
    import boto3

    return boto3.client(
        service,
        region_name=region,
        endpoint_url=f"http://{run.endpoint('aws')}",
        aws_access_key_id="sandbox-witness",
        aws_secret_access_key="not-a-secret",
    )


def _cloudfront(run: Run) -> dict[str, list[str]]:
    aws = client(run, "cloudfront", "us-east-1")
    custom = {"Type": "custom"}

    def policies(answer: dict[str, Any], outer: str, inner: str) -> list[str]:
        return [row[inner]["Id"] for row in answer[outer].get("Items") or ()]

    return {
        "distributions": [row["Id"] for row in aws.list_distributions()["DistributionList"].get("Items", ())],
        "distribution tenants": [row["Id"] for row in aws.list_distribution_tenants()["DistributionTenantList"]],
        "connection groups": [
            row["Id"] for row in aws.list_connection_groups()["ConnectionGroups"] if not row["IsDefault"]
        ],
        "cache policies": policies(aws.list_cache_policies(**custom), "CachePolicyList", "CachePolicy"),
        "origin request policies": policies(
            aws.list_origin_request_policies(**custom), "OriginRequestPolicyList", "OriginRequestPolicy"
        ),
        "functions": [row["Name"] for row in aws.list_functions()["FunctionList"].get("Items", ())],
        "key value stores": [row["Name"] for row in aws.list_key_value_stores()["KeyValueStoreList"].get("Items", ())],
    }


def _regional(run: Run) -> dict[str, list[str]]:
    groups: list[str] = []
    parameters: list[str] = []
    for region in world_of(run).regions:
        aws = client(run, "elasticache", region)
        groups += [row["ReplicationGroupId"] for row in aws.describe_replication_groups()["ReplicationGroups"]]
        parameters += [
            row["CacheParameterGroupName"]
            for row in aws.describe_cache_parameter_groups()["CacheParameterGroups"]
            if not row["CacheParameterGroupName"].startswith("default.")
        ]
    buckets = [row["Name"] for row in client(run, "s3", "us-east-1").list_buckets()["Buckets"]]
    return {"replication groups": groups, "parameter groups": parameters, "buckets": buckets}


def cloudflare_client(run: Run) -> Any:
    """A client of the emulated Cloudflare with a token that may only read; it is to be closed."""
    import cloudflare

    return cloudflare.Cloudflare(
        api_token=run.read()["tokens"]["cloudflare-readonly"],
        base_url=f"http://{run.endpoint('cloudflare')}/client/v4",
        max_retries=0,
    )


def _cloudflare(run: Run) -> dict[str, list[str]]:
    account = run.read()["cloudflare_account"]
    with cloudflare_client(run) as asked:
        return {
            "zones": [str(zone.name) for zone in asked.zones.list()],
            "pools": [str(pool.name) for pool in asked.load_balancers.pools.list(account_id=account)],
            "monitors": [str(one.id) for one in asked.load_balancers.monitors.list(account_id=account)],
        }
