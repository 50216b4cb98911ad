"""One world seen three ways: what infra's engine holds in its state, what the inventory says, what the vendors list.

Each view is facts: `kind id` -> a text. The same thing has the same fact in every view that knows of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sandbox.provision import PLATFORM, Workspace
from sandbox.rehearsal.leftovers import client, cloudflare_client
from sandbox.run import Run
from sandbox.world import world_of

Facts = dict[str, str]
Json = Mapping[str, Any]


def of_the_engine(workspace: Workspace) -> Facts:
    """From `pulumi stack export` of every stack. Raises ValueError where a stack cannot be exported."""
    found: Facts = {}
    for stack in (PLATFORM, *workspace.weddings):
        ran = workspace.pulumi(stack, "stack", "export", "--stack", stack[1])
        if ran.code != 0:
            raise ValueError(f"stack export of {stack[1]} ended with {ran.code}: {ran.err[-400:]}")
        for row in json.loads(ran.out)["deployment"].get("resources", ()):
            read = DECLARED.get(row["type"])
            if read is not None:
                found |= read(str(row["id"]), row["outputs"])
    return found


def _policy(shortest: object, default: object, longest: object, headers: Iterable[str]) -> str:
    return f"{shortest:g}/{default:g}/{longest:g} s, keyed by {', '.join(sorted(headers)) or 'no header'}"


def _declared_policy(row: Json) -> str:
    keyed = row["parametersInCacheKeyAndForwardedToOrigin"]["headersConfig"].get("headers") or {}
    return _policy(row["minTtl"], row["defaultTtl"], row["maxTtl"], keyed.get("items", ()))


def _site(domain: str, hosts: Iterable[str]) -> str:
    return f"{domain} for {', '.join(sorted(hosts))}"


def _addresses(origins: Iterable[Json]) -> str:
    return ", ".join(sorted(str(one["address"]) for one in origins))


def _declared_distribution(name: str, row: Json) -> Facts:
    site = _site(row["domainName"], row["aliases"] or ())
    return {f"distribution {name}": site, f"price class {name}": str(row["priceClass"])}


DECLARED: Mapping[str, Callable[[str, Json], Facts]] = {
    "aws:cloudfront/distribution:Distribution": _declared_distribution,
    "aws:cloudfront/multitenantDistribution:MultitenantDistribution": lambda name, _: {
        f"shared distribution {name}": "there"
    },
    "aws:cloudfront/distributionTenant:DistributionTenant": lambda name, row: {
        f"tenant {name}": _site(row["distributionId"], (one["domain"] for one in row["domains"]))
    },
    "aws:cloudfront/connectionGroup:ConnectionGroup": lambda name, row: {
        f"connection group {name}": str(row["routingEndpoint"])
    },
    "aws:cloudfront/cachePolicy:CachePolicy": lambda name, row: {f"cache policy {name}": _declared_policy(row)},
    "aws:cloudfront/originRequestPolicy:OriginRequestPolicy": lambda name, row: {
        f"forwarding {name}": str(row["name"])
    },
    "aws:cloudfront/function:Function": lambda _, row: {f"function {row['arn']}": "there"},
    "aws:cloudfront/keyValueStore:KeyValueStore": lambda _, row: {f"store {row['arn']}": "there"},
    "aws:elasticache/replicationGroup:ReplicationGroup": lambda _, row: {
        f"cache {row['primaryEndpointAddress']}:{row['port']:g}": str(row["region"])
    },
    "aws:s3/bucket:Bucket": lambda name, row: {f"bucket {name}": str(row["region"])},
    "cloudflare:index/zone:Zone": lambda name, row: {f"zone {name}": str(row["name"])},
    "cloudflare:index/loadBalancerPool:LoadBalancerPool": lambda name, row: {
        f"pool {name}": _addresses(row["origins"])
    },
    "cloudflare:index/loadBalancerMonitor:LoadBalancerMonitor": lambda name, row: {
        f"monitor {name}": f"{row['path']} every {row['interval']:g} s"
    },
}
"""Type -> its facts, from the id and the outputs that the engine keeps."""


def of_the_vendors(run: Run) -> Facts:
    """From the vendors' own APIs, asked with the witness's credentials."""
    return _cloudfront(run) | _regional(run) | _cloudflare(run)


def _cloudfront(run: Run) -> Facts:
    aws, found = client(run, "cloudfront", "us-east-1"), Facts()
    for row in aws.list_distributions()["DistributionList"].get("Items", ()):
        if row.get("ConnectionMode") == "tenant-only":
            found[f"shared distribution {row['Id']}"] = "there"
        else:
            found[f"distribution {row['Id']}"] = _site(row["DomainName"], row["Aliases"].get("Items", ()))
            found[f"price class {row['Id']}"] = str(row["PriceClass"])
    for row in aws.list_distribution_tenants()["DistributionTenantList"]:
        found[f"tenant {row['Id']}"] = _site(row["DistributionId"], (one["Domain"] for one in row["Domains"]))
    for row in aws.list_connection_groups()["ConnectionGroups"]:
        if not row["IsDefault"]:
            found[f"connection group {row['Id']}"] = str(row["RoutingEndpoint"])
    for row in aws.list_cache_policies(Type="custom")["CachePolicyList"].get("Items", ()):
        config = row["CachePolicy"]["CachePolicyConfig"]
        keyed = config["ParametersInCacheKeyAndForwardedToOrigin"]["HeadersConfig"].get("Headers", {})
        ttls = (config["MinTTL"], config["DefaultTTL"], config["MaxTTL"])
        found[f"cache policy {row['CachePolicy']['Id']}"] = _policy(*ttls, keyed.get("Items", ()))
    for row in aws.list_origin_request_policies(Type="custom")["OriginRequestPolicyList"].get("Items", ()):
        policy = row["OriginRequestPolicy"]
        found[f"forwarding {policy['Id']}"] = policy["OriginRequestPolicyConfig"]["Name"]
    for row in aws.list_functions(Stage="LIVE")["FunctionList"].get("Items", ()):
        found[f"function {row['FunctionMetadata']['FunctionARN']}"] = "there"
    for row in aws.list_key_value_stores()["KeyValueStoreList"].get("Items", ()):
        found[f"store {row['ARN']}"] = "there"
    return found


def _regional(run: Run) -> Facts:
    found: Facts = {}
    for region in world_of(run).regions:
        for row in client(run, "elasticache", region).describe_replication_groups()["ReplicationGroups"]:
            primary = row["NodeGroups"][0]["PrimaryEndpoint"]
            found[f"cache {primary['Address']}:{primary['Port']}"] = region
    s3 = client(run, "s3", "us-east-1")
    for row in s3.list_buckets()["Buckets"]:
        place = s3.get_bucket_location(Bucket=row["Name"])["LocationConstraint"]
        found[f"bucket {row['Name']}"] = place or "us-east-1"
    return found


def _cloudflare(run: Run) -> Facts:
    account, found = run.read()["cloudflare_account"], Facts()
    with cloudflare_client(run) as asked:
        for zone in asked.zones.list():
            found[f"zone {zone.id}"] = str(zone.name)
        for pool in asked.load_balancers.pools.list(account_id=account):
            found[f"pool {pool.id}"] = _addresses({"address": one.address} for one in pool.origins or ())
        for one in asked.load_balancers.monitors.list(account_id=account):
            found[f"monitor {one.id}"] = f"{one.path} every {one.interval:g} s"
    return found


def of_the_inventory(run: Run) -> tuple[Facts, list[str]]:
    """From the objects in the store's buckets; and the objects that are not the same in every bucket."""
    texts: dict[str, list[str]] = {}
    buckets = [row["Name"] for row in client(run, "s3", "us-east-1").list_buckets()["Buckets"]]
    for bucket in buckets:
        s3 = client(run, "s3", "us-east-1")
        for row in s3.list_objects_v2(Bucket=bucket, Prefix="inventory/").get("Contents", ()):
            text = s3.get_object(Bucket=bucket, Key=row["Key"])["Body"].read().decode()
            texts.setdefault(row["Key"], []).append(text)
    apart = sorted(key for key, seen in texts.items() if len(seen) != len(buckets) or len(set(seen)) != 1)
    bodies: dict[str, Json] = {key: json.loads(seen[0]) for key, seen in texts.items()}
    platform = bodies.pop("inventory/platform.json")
    return _platform(platform) | _weddings(list(bodies.values())), apart


def _platform(said: Json) -> Facts:
    edge, zone = said["cloudfront"], said["cloudflare"]
    found = {f"bucket {row['bucket']}": str(row["region"]) for row in said["store"]}
    found[f"zone {zone['zone_id']}"] = str(said["zone"])
    origins = {row["name"]: str(row["origin"]) for row in said["regions"]}
    found |= {f"pool {pool}": origins[region] for region, pool in zone["pools"].items()}
    found |= {f"function {edge['function_arn']}": "there", f"store {edge['key_value_store_arn']}": "there"}
    found |= {f"cache {row['cache']['primary']}:{row['cache']['port']}": row["name"] for row in said["regions"]}
    for cell in edge["cells"].values():
        found[f"shared distribution {cell['distribution_id']}"] = "there"
        found[f"connection group {cell['connection_group_id']}"] = str(cell["endpoint"])
    return found


def _weddings(entries: Sequence[Json]) -> Facts:
    found: Facts = {}
    for entry in entries:
        if entry["tenant_id"] is not None:
            found[f"tenant {entry['tenant_id']}"] = _site(entry["distribution_id"], entry["hosts"])
        else:
            found[f"distribution {entry['distribution_id']}"] = _site(entry["distribution_domain"], entry["hosts"])
    return found
