"""Replication groups: create, describe, modify, change the number of replicas, delete."""

from __future__ import annotations

from typing import Any

from sandbox.aws.elasticache import parameter_groups
from sandbox.aws.elasticache.checks import invalid_combination, invalid_value, named, page, tags_of
from sandbox.aws.elasticache.families import family_of
from sandbox.aws.elasticache.replication_rules import REPLICAS, allowed, changed, completed
from sandbox.aws.elasticache.shown import group_shown
from sandbox.aws.elasticache.state import ReplicationGroup
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

SETTLING_SECONDS = 0.3
WAITS_FOR_WINDOW = ("CacheNodeType", "Engine", "EngineVersion")
"""What changes only in the maintenance window unless ApplyImmediately is set."""


def living(world: World, region: str) -> dict[str, ReplicationGroup]:
    """The region's groups by id, each in the state that it has by now; deleted ones are gone."""
    kept = world.elasticache[region].replication_groups
    for group in list(kept.values()):
        if world.monotonic() >= group.settles_at:
            if group.status == "deleting":
                del kept[group.id]
                world.elasticache[region].tags.pop(group.arn, None)
            group.status = "available"
    return kept


def found(world: World, region: str, group_id: str) -> ReplicationGroup:
    """The group of that id. Refuses with ReplicationGroupNotFoundFault."""
    group = living(world, region).get(group_id.lower())
    if group is None:
        raise AwsRefusal("ReplicationGroupNotFoundFault", f"ReplicationGroup {group_id} not found")
    return group


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateReplicationGroup."""
    group_id = named(call["ReplicationGroupId"], "ReplicationGroupId", 40)
    kept = living(world, call.region)
    if group_id in kept:
        raise AwsRefusal("ReplicationGroupAlreadyExists", f"Replication group {group_id} already exists.")
    settings = completed({key: value for key, value in call.parameters.items() if key != "Tags"})
    _parameter_group_fits(world, call.region, settings)
    if "CacheSubnetGroupName" in settings:
        subnets = settings["CacheSubnetGroupName"] = settings["CacheSubnetGroupName"].lower()
        if subnets not in world.elasticache[call.region].subnet_groups:
            raise AwsRefusal("CacheSubnetGroupNotFoundFault", f"Cache subnet group {subnets} does not exist.")
    group = ReplicationGroup(
        id=group_id,
        arn=f"arn:aws:elasticache:{call.region}:{world.account}:replicationgroup:{group_id}",
        settings=settings,
        shards=_members(group_id, settings),
        created=world.now(),
        settles_at=world.monotonic() + SETTLING_SECONDS,
    )
    kept[group_id] = group
    world.elasticache[call.region].tags[group.arn] = tags_of(call)
    return {"ReplicationGroup": group_shown(world, call.region, group)}


def describe(world: World, call: Call) -> dict[str, Any]:
    """DescribeReplicationGroups."""
    if "ReplicationGroupId" in call.parameters:
        group = found(world, call.region, call["ReplicationGroupId"])
        return {"ReplicationGroups": [group_shown(world, call.region, group)]}
    rows = [(group.id, group_shown(world, call.region, group)) for group in living(world, call.region).values()]
    return page(rows, call, "ReplicationGroups")


def modify(world: World, call: Call) -> dict[str, Any]:
    """ModifyReplicationGroup; without ApplyImmediately node type and engine wait for the maintenance window."""
    group = _available(world, call)
    settings = changed(group.settings, call.parameters)
    _parameter_group_fits(world, call.region, settings)
    waiting = {
        name: settings[name]
        for name in WAITS_FOR_WINDOW
        if not call.get("ApplyImmediately") and settings[name] != group.settings[name]
    }
    group.pending = {**group.pending, **waiting} if not call.get("ApplyImmediately") else {}
    group.settings = {**settings, **{name: group.settings[name] for name in waiting}}
    return _modifying(world, call, group)


def increase(world: World, call: Call) -> dict[str, Any]:
    """IncreaseReplicaCount: to NewReplicaCount replicas in every shard."""
    return _replicas(world, call, more=True)


def decrease(world: World, call: Call) -> dict[str, Any]:
    """DecreaseReplicaCount: to NewReplicaCount replicas in every shard."""
    return _replicas(world, call, more=False)


def delete(world: World, call: Call) -> dict[str, Any]:
    """DeleteReplicationGroup: `deleting` for a moment, then gone."""
    group = _available(world, call)
    for member in ("FinalSnapshotIdentifier", "RetainPrimaryCluster"):
        if call.get(member):
            raise AwsRefusal("NotImplemented", f"The sandbox deletes replication groups without {member}.", 501)
    group.status, group.settles_at = "deleting", world.monotonic() + SETTLING_SECONDS
    return {"ReplicationGroup": group_shown(world, call.region, group)}


def _replicas(world: World, call: Call, *, more: bool) -> dict[str, Any]:
    group = _available(world, call)
    if "NewReplicaCount" not in call.parameters:
        raise AwsRefusal("NotImplemented", "The sandbox changes replicas by NewReplicaCount only.", 501)
    count, current = call["NewReplicaCount"], group.settings["ReplicasPerNodeGroup"]
    if not call["ApplyImmediately"]:
        raise invalid_combination("ApplyImmediately must be true.")
    if not 0 <= count <= REPLICAS:
        raise invalid_value(f"NewReplicaCount must be between 0 and {REPLICAS}.")
    if count == current:
        raise AwsRefusal("NoOperationFault", f"The group has {current} replicas in each shard already.")
    if (count > current) is not more:
        raise invalid_combination(f"NewReplicaCount {count} is not {'more' if more else 'less'} than {current}.")
    settings = {**group.settings, "ReplicasPerNodeGroup": count}
    allowed(settings)
    group.settings, group.shards = settings, _members(group.id, settings)
    return _modifying(world, call, group)


def _modifying(world: World, call: Call, group: ReplicationGroup) -> dict[str, Any]:
    group.status, group.settles_at = "modifying", world.monotonic() + SETTLING_SECONDS
    return {"ReplicationGroup": group_shown(world, call.region, group)}


def _available(world: World, call: Call) -> ReplicationGroup:
    group = found(world, call.region, call["ReplicationGroupId"])
    if group.status != "available":
        message = f"Replication group {group.id} is not in available state (it is {group.status})."
        raise AwsRefusal("InvalidReplicationGroupState", message)
    return group


def _members(group_id: str, settings: dict[str, Any]) -> list[list[str]]:
    replicas = settings["ReplicasPerNodeGroup"]
    if settings["ClusterMode"] == "disabled":
        return [[f"{group_id}-{number:03}" for number in range(1, replicas + 2)]]
    return [
        [f"{group_id}-{shard:04}-{number:03}" for number in range(1, replicas + 2)]
        for shard in range(1, settings["NumNodeGroups"] + 1)
    ]


def _parameter_group_fits(world: World, region: str, settings: dict[str, Any]) -> None:
    group = parameter_groups.found(world, region, settings["CacheParameterGroupName"])
    engine, version = settings["Engine"], settings["EngineVersion"]
    family = family_of(engine, version)
    if group.family != family:
        message = f"Expected a parameter group of family {family} but found one of family {group.family}"
        raise invalid_combination(message)
    settings["CacheParameterGroupName"] = group.name
