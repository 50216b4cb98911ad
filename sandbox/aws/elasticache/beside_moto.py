"""Calls that look at our groups and at moto's clusters: describing clusters, tags."""

from __future__ import annotations

from typing import Any

from sandbox.aws.elasticache import replication_groups
from sandbox.aws.elasticache.checks import page
from sandbox.aws.elasticache.shown import members_shown
from sandbox.aws.refusal import AwsRefusal, NotOurs
from sandbox.aws.world import Call, World

_ABSENT = {
    "replicationgroup": "ReplicationGroupNotFoundFault",
    "parametergroup": "CacheParameterGroupNotFound",
    "subnetgroup": "CacheSubnetGroupNotFoundFault",
}


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


def _tags(world: World, call: Call) -> dict[str, str]:
    """The tags of one of our groups; every other resource's are moto's."""
    arn: str = call["ResourceName"]
    kept = world.elasticache[call.region]
    known = [group.arn for group in kept.parameter_groups.values()]
    known += [group.arn for group in kept.subnet_groups.values()]
    known += [group.arn for group in replication_groups.living(world, call.region).values()]
    if arn not in known:
        for kind, code in _ABSENT.items():
            if f":{kind}:" in arn:
                raise AwsRefusal(code, f"{arn} is either not present or not available.", 404)
        raise NotOurs
    return kept.tags[arn]


def _listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
