"""Replication groups and their member clusters as the API shows them, with the run's real addresses."""

from __future__ import annotations

from typing import Any

from sandbox.aws.elasticache.families import VERSIONS
from sandbox.aws.elasticache.state import ReplicationGroup
from sandbox.aws.world import World

_SHORT = {"central": "c", "east": "e", "west": "w", "north": "n", "south": "s", "northeast": "ne", "southeast": "se"}


def group_shown(world: World, region: str, group: ReplicationGroup) -> dict[str, Any]:
    """A ReplicationGroup in botocore's shape."""
    settings = group.settings
    clustered = settings["ClusterMode"] != "disabled"
    primary, reader = _addresses(world, region, group)
    shards = []
    for number, members in enumerate(group.shards, start=1):
        shard: dict[str, Any] = {
            "NodeGroupId": f"{number:04}",
            "Status": group.status,
            "NodeGroupMembers": [
                {
                    "CacheClusterId": member,
                    "CacheNodeId": "0001",
                    "ReadEndpoint": primary if index == 0 else reader,
                    "PreferredAvailabilityZone": f"{region}{'abc'[index % 3]}",
                    **({} if clustered else {"CurrentRole": "primary" if index == 0 else "replica"}),
                }
                for index, member in enumerate(members)
            ],
        }
        shard |= {"Slots": _slots(number, len(group.shards))} if clustered else {}
        shard |= {} if clustered else {"PrimaryEndpoint": primary, "ReaderEndpoint": reader}
        shards.append(shard)
    shown = {
        "ReplicationGroupId": group.id,
        "Description": settings["ReplicationGroupDescription"],
        "GlobalReplicationGroupInfo": {},
        "Status": group.status,
        "PendingModifiedValues": {},
        "MemberClusters": group.members,
        "NodeGroups": shards,
        "AutomaticFailover": _switch(settings["AutomaticFailoverEnabled"]),
        "MultiAZ": _switch(settings["MultiAZEnabled"]),
        "SnapshotRetentionLimit": settings["SnapshotRetentionLimit"],
        "SnapshotWindow": settings["SnapshotWindow"],
        "ClusterEnabled": clustered,
        "ClusterMode": settings["ClusterMode"],
        "CacheNodeType": settings["CacheNodeType"],
        "ARN": group.arn,
        "UserGroupIds": [],
        "ReplicationGroupCreateTime": group.created,
        "DataTiering": _switch(settings["DataTieringEnabled"]),
        "NetworkType": settings["NetworkType"],
        "Durability": settings.get("Durability", "default"),
        "EffectiveDurability": settings.get("Durability", "default").replace("default", "disabled"),
        "StorageEncryptionType": "sse-elasticache" if settings["AtRestEncryptionEnabled"] else "none",
        **_common(settings),
    }
    shown |= {"ConfigurationEndpoint": primary} if clustered else {}
    return {name: value for name, value in shown.items() if value is not None}


def members_shown(world: World, region: str, group: ReplicationGroup, *, with_nodes: bool) -> dict[str, dict[str, Any]]:
    """The member clusters of a group by id, each a CacheCluster in botocore's shape."""
    settings = group.settings
    primary, reader = _addresses(world, region, group)
    shown: dict[str, dict[str, Any]] = {}
    for index, member in [(index, member) for shard in group.shards for index, member in enumerate(shard)]:
        node = {
            "CacheNodeId": "0001",
            "CacheNodeStatus": group.status,
            "CacheNodeCreateTime": group.created,
            "Endpoint": primary if index == 0 else reader,
            "ParameterGroupStatus": "in-sync",
            "CustomerAvailabilityZone": f"{region}{'abc'[index % 3]}",
        }
        cluster = {
            "CacheClusterId": member,
            "CacheNodeType": settings["CacheNodeType"],
            "Engine": settings["Engine"],
            "EngineVersion": VERSIONS[settings["Engine"]][settings["EngineVersion"]],
            "CacheClusterStatus": group.status,
            "NumCacheNodes": 1,
            "PreferredAvailabilityZone": node["CustomerAvailabilityZone"],
            "CacheClusterCreateTime": group.created,
            "PreferredMaintenanceWindow": settings["PreferredMaintenanceWindow"],
            "PendingModifiedValues": {key: value for key, value in group.pending.items() if key != "Engine"},
            "CacheSecurityGroups": [],
            "CacheParameterGroup": {
                "CacheParameterGroupName": settings["CacheParameterGroupName"],
                "ParameterApplyStatus": "in-sync",
                "CacheNodeIdsToReboot": [],
            },
            "CacheSubnetGroupName": settings.get("CacheSubnetGroupName", "default"),
            "CacheNodes": [node] if with_nodes else None,
            "SecurityGroups": [{"SecurityGroupId": name, "Status": "active"} for name in settings["SecurityGroupIds"]],
            "ReplicationGroupId": group.id,
            "SnapshotRetentionLimit": settings["SnapshotRetentionLimit"],
            "SnapshotWindow": settings["SnapshotWindow"],
            "ARN": group.arn.replace(f"replicationgroup:{group.id}", f"cluster:{member}"),
            "ReplicationGroupLogDeliveryEnabled": bool(settings["LogDeliveryConfigurations"]),
            "NetworkType": settings["NetworkType"],
            "NotificationConfiguration": _topic(settings.get("NotificationTopicArn")),
            **_common(settings),
        }
        shown[member] = {name: value for name, value in cluster.items() if value is not None}
    return shown


def _common(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        "Engine": settings["Engine"],
        "AuthTokenEnabled": bool(settings.get("AuthToken")),
        "TransitEncryptionEnabled": settings["TransitEncryptionEnabled"],
        "TransitEncryptionMode": settings.get("TransitEncryptionMode"),
        "AtRestEncryptionEnabled": settings["AtRestEncryptionEnabled"],
        "KmsKeyId": settings.get("KmsKeyId"),
        "AutoMinorVersionUpgrade": settings["AutoMinorVersionUpgrade"],
        "IpDiscovery": settings["IpDiscovery"],
        "LogDeliveryConfigurations": [
            {**log, "Status": "active"} for log in settings["LogDeliveryConfigurations"] if log.get("Enabled", True)
        ],
    }


def _addresses(world: World, region: str, group: ReplicationGroup) -> tuple[dict[str, Any], dict[str, Any]]:
    """Primary and reader: the region's Valkey pair where the run has one, else names in AWS's form."""
    primary = world.endpoint(f"valkey-{region}-primary")
    reader = world.endpoint(f"valkey-{region}-replica")
    area, direction, number = region.rsplit("-", 2)
    tail = (
        f"{group.id[:6]}.ng.0001.{area.replace('-', '')}{_SHORT.get(direction, direction)}{number}.cache.amazonaws.com"
    )
    port = group.settings["Port"]
    return (
        _endpoint(primary) if primary else {"Address": f"{group.id}.{tail}", "Port": port},
        _endpoint(reader) if reader else {"Address": f"{group.id}-ro.{tail}", "Port": port},
    )


def _endpoint(address: str) -> dict[str, Any]:
    host, port = address.removeprefix("redis://").rsplit(":", 1)
    return {"Address": host, "Port": int(port)}


def _slots(number: int, shards: int) -> str:
    return f"{16384 * (number - 1) // shards}-{16384 * number // shards - 1}"


def _topic(arn: str | None) -> dict[str, str] | None:
    return {"TopicArn": arn, "TopicStatus": "active"} if arn else None


def _switch(is_on: bool) -> str:
    return "enabled" if is_on else "disabled"
