"""Calls that look at our groups and at moto's: member clusters, subnet groups, tags."""

from __future__ import annotations

from typing import Any

from sandbox.aws.elasticache import replication_groups
from sandbox.aws.elasticache.checks import page
from sandbox.aws.elasticache.shown import members_shown
from sandbox.aws.refusal import AwsRefusal, NotOurs
from sandbox.aws.world import Call, World


def describe_clusters(world: World, call: Call) -> dict[str, Any]:
    """DescribeCacheClusters: members of replication groups are ours, clusters of their own are moto's."""
    with_nodes = bool(call.get("ShowCacheNodeInfo"))
    ours = {
        member: shown
        for group in replication_groups.living(world, call.region).values()
        for member, shown in members_shown(world, call.region, group, with_nodes=with_nodes).items()
    }
    wanted = call.get("CacheClusterId")
    if wanted:
        if wanted.lower() not in ours:
            raise NotOurs
        return {"CacheClusters": [ours[wanted.lower()]]}
    if call.get("ShowCacheClustersNotInReplicationGroups"):
        raise NotOurs
    alone = [(cluster.cache_cluster_id, cluster) for cluster in world.moto.lone_clusters(call.region)]
    return page([*ours.items(), *alone], call, "CacheClusters")


def modify_subnets(world: World, call: Call) -> dict[str, Any]:
    """ModifyCacheSubnetGroup."""
    groups = world.moto.subnet_groups(call.region)
    name = _subnet_group(world, call)
    old = groups[name]
    description = call.get("CacheSubnetGroupDescription", old.cache_subnet_group_description)
    subnets = call.get("SubnetIds", old.subnet_ids)
    groups[name] = world.moto.new_subnet_group(call.region, name, description, subnets)
    return {"CacheSubnetGroup": groups[name]}


def delete_subnets(world: World, call: Call) -> None:
    """DeleteCacheSubnetGroup: refused while a replication group lies in it."""
    name = _subnet_group(world, call)
    groups = replication_groups.living(world, call.region).values()
    users = [group.id for group in groups if group.settings.get("CacheSubnetGroupName") == name]
    if users:
        message = f"Cache subnet group {name} is currently in use by a cache cluster of {', '.join(users)}."
        raise AwsRefusal("CacheSubnetGroupInUse", message)
    del world.moto.subnet_groups(call.region)[name]


def list_tags(world: World, call: Call) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"TagList": _listed(_tags(world, call))}


def add_tags(world: World, call: Call) -> dict[str, Any]:
    """AddTagsToResource."""
    kept = _tags(world, call)
    kept.update({tag["Key"]: tag.get("Value") or "" for tag in call["Tags"]})
    return {"TagList": _listed(kept)}


def remove_tags(world: World, call: Call) -> dict[str, Any]:
    """RemoveTagsFromResource."""
    kept = _tags(world, call)
    for key in call["TagKeys"]:
        kept.pop(key, None)
    return {"TagList": _listed(kept)}


def _subnet_group(world: World, call: Call) -> str:
    name: str = call["CacheSubnetGroupName"]
    if name not in world.moto.subnet_groups(call.region):
        raise AwsRefusal("CacheSubnetGroupNotFoundFault", f"Cache subnet group {name} does not exist.")
    return name


def _tags(world: World, call: Call) -> dict[str, str]:
    """The tags of a parameter or replication group; every other resource's are moto's."""
    arn: str = call["ResourceName"]
    kept = world.elasticache[call.region]
    known = [group.arn for group in kept.parameter_groups.values()]
    known += [group.arn for group in replication_groups.living(world, call.region).values()]
    if arn not in known:
        if ":replicationgroup:" in arn or ":parametergroup:" in arn:
            code = "ReplicationGroupNotFoundFault" if ":replicationgroup:" in arn else "CacheParameterGroupNotFound"
            raise AwsRefusal(code, f"{arn} is either not present or not available.", 404)
        raise NotOurs
    return kept.tags[arn]


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
