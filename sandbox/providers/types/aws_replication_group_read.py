"""What a live replication group looks like as properties: its own description and its first member's."""

from __future__ import annotations

from typing import Any

from sandbox.providers.row import Ask, Properties
from sandbox.providers.types.aws_elasticache import client_of, tags_of


def described(ask: Ask, identity: str) -> Any:
    """The API's description of one replication group."""
    return client_of(ask).describe_replication_groups(ReplicationGroupId=identity)["ReplicationGroups"][0]


def read_group(ask: Ask, identity: str) -> Properties:
    """The properties of a live group."""
    live = described(ask, identity)
    shards = live.get("NodeGroups", [])
    first = shards[0] if shards else {}
    primary = live.get("ConfigurationEndpoint") or first.get("PrimaryEndpoint", {})
    members = live.get("MemberClusters", [])
    found: Properties = {
        "replicationGroupId": live["ReplicationGroupId"],
        "description": live.get("Description", ""),
        "region": ask.region,
        "arn": live.get("ARN", ""),
        "memberClusters": members,
        "nodeType": live.get("CacheNodeType"),
        "engine": live.get("Engine"),
        "automaticFailoverEnabled": live.get("AutomaticFailover") in ("enabled", "enabling"),
        "multiAzEnabled": live.get("MultiAZ") == "enabled",
        "atRestEncryptionEnabled": live.get("AtRestEncryptionEnabled"),
        "transitEncryptionEnabled": live.get("TransitEncryptionEnabled"),
        "transitEncryptionMode": live.get("TransitEncryptionMode"),
        "snapshotRetentionLimit": live.get("SnapshotRetentionLimit"),
        "snapshotWindow": live.get("SnapshotWindow"),
        "clusterEnabled": bool(live.get("ClusterEnabled")),
        "clusterMode": live.get("ClusterMode"),
        "networkType": live.get("NetworkType"),
        "ipDiscovery": live.get("IpDiscovery"),
        "kmsKeyId": live.get("KmsKeyId"),
        "userGroupIds": live.get("UserGroupIds", []),
        "dataTieringEnabled": live.get("DataTiering") == "enabled",
        "durability": live.get("Durability"),
        "autoMinorVersionUpgrade": live.get("AutoMinorVersionUpgrade"),
        "numNodeGroups": len(shards),
        "numCacheClusters": len(members),
        "port": primary.get("Port"),
        "replicasPerNodeGroup": max(len(first.get("NodeGroupMembers", [])) - 1, 0),
        "primaryEndpointAddress": primary.get("Address", ""),
        "readerEndpointAddress": first.get("ReaderEndpoint", {}).get("Address", ""),
        "configurationEndpointAddress": live.get("ConfigurationEndpoint", {}).get("Address", ""),
        **_of_first_member(ask, members),
        **tags_of(ask, live.get("ARN", "")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _of_first_member(ask: Ask, members: list[str]) -> Properties:
    """What only a member cluster's description tells."""
    if not members:
        return {}
    live = client_of(ask).describe_cache_clusters(CacheClusterId=members[0])["CacheClusters"][0]
    found = {
        "engineVersion": _as_declared(ask, live.get("EngineVersion")),
        "engineVersionActual": live.get("EngineVersion"),
        "parameterGroupName": live.get("CacheParameterGroup", {}).get("CacheParameterGroupName"),
        "subnetGroupName": live.get("CacheSubnetGroupName"),
        "maintenanceWindow": live.get("PreferredMaintenanceWindow"),
        "securityGroupIds": [one["SecurityGroupId"] for one in live.get("SecurityGroups", [])],
    }
    return {name: value for name, value in found.items() if value is not None}


def _as_declared(ask: Ask, live: str | None) -> str | None:
    """A version is declared as major.minor; the patch level is the vendor's and no drift."""
    declared = ask.inputs.get("engineVersion")
    if isinstance(declared, str) and live and live.startswith(f"{declared}."):
        return declared
    return live
