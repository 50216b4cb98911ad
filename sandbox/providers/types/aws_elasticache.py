"""ElastiCache parameter groups and replication groups. Both honour their own `region`.

Source of facts: botocore's ElastiCache model; force-new from terraform-provider-aws' documentation of
aws_elasticache_replication_group and aws_elasticache_parameter_group.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.providers.check import Failure
from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import to_api
from sandbox.providers.types.aws_tags import pairs
from sandbox.providers.waiting import wait_until

PARAMETERS = "aws:elasticache/parameterGroup:ParameterGroup"
GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"
AT_ONCE = 20  # parameters a ModifyCacheParameterGroup or ResetCacheParameterGroup call takes


def _client(ask: Ask) -> Any:
    return ask.vendors.aws("elasticache", ask.region)


def _tags(ask: Ask, arn: str) -> dict[str, Any]:
    if not (ask.inputs.get("tags") or ask.state.get("tags") or ask.old.get("tags")):
        return {"tags": {}, "tagsAll": {}}
    tags = {
        tag["Key"]: tag.get("Value", "") for tag in _client(ask).list_tags_for_resource(ResourceName=arn)["TagList"]
    }
    return {"tags": tags, "tagsAll": tags}


def _sync_tags(ask: Ask, arn: str) -> None:
    wanted, before = ask.inputs.get("tags", {}), ask.old.get("tags", {})
    if surplus := sorted(set(before) - set(wanted)):
        _client(ask).remove_tags_from_resource(ResourceName=arn, TagKeys=surplus)
    if changed := {key: value for key, value in wanted.items() if before.get(key) != value}:
        _client(ask).add_tags_to_resource(ResourceName=arn, Tags=pairs(changed))


# Parameter groups ----------------------------------------------------------------------------------------------------


def _create_parameters(ask: Ask) -> str:
    wanted = to_api(load(PARAMETERS).inputs, ask.inputs)
    answer = _client(ask).create_cache_parameter_group(**wanted, Tags=pairs(ask.inputs.get("tags", {})))
    return str(answer["CacheParameterGroup"]["CacheParameterGroupName"])


def _described_parameters(ask: Ask, identity: str) -> Any:
    return _client(ask).describe_cache_parameter_groups(CacheParameterGroupName=identity)["CacheParameterGroups"][0]


def _find_parameters(ask: Ask) -> str | None:
    return str(_described_parameters(ask, ask.inputs["name"])["CacheParameterGroupName"])


def _finish_parameters(ask: Ask, identity: str) -> None:
    """Set what is declared and reset what no longer is, twenty at a time."""
    client = _client(ask)
    wanted = {one["name"]: one["value"] for one in ask.inputs.get("parameters", [])}
    before = {one["name"]: one["value"] for one in ask.old.get("parameters", [])}
    dropped = [{"ParameterName": name, "ParameterValue": before[name]} for name in sorted(set(before) - set(wanted))]
    setting = [
        {"ParameterName": name, "ParameterValue": value}
        for name, value in sorted(wanted.items())
        if before.get(name) != value
    ]
    for start in range(0, len(dropped), AT_ONCE):
        client.reset_cache_parameter_group(
            CacheParameterGroupName=identity, ParameterNameValues=dropped[start : start + AT_ONCE]
        )
    for start in range(0, len(setting), AT_ONCE):
        client.modify_cache_parameter_group(
            CacheParameterGroupName=identity, ParameterNameValues=setting[start : start + AT_ONCE]
        )
    if ask.old:
        _sync_tags(ask, _described_parameters(ask, identity)["ARN"])


def _read_parameters(ask: Ask, identity: str) -> Properties:
    live = _described_parameters(ask, identity)
    pages = _client(ask).get_paginator("describe_cache_parameters")
    found = [
        {"name": one["ParameterName"], "value": one["ParameterValue"]}
        for page in pages.paginate(CacheParameterGroupName=identity, Source="user")
        for one in page["Parameters"]
        if "ParameterValue" in one
    ]
    return {
        "name": identity,
        "family": live["CacheParameterGroupFamily"],
        "description": live["Description"],
        "parameters": found,
        "region": ask.region,
        "arn": live["ARN"],
        **_tags(ask, live["ARN"]),
    }


def _update_parameters(ask: Ask, identity: str) -> None:
    """Everything that can change is written by `finish`."""


def _delete_parameters(ask: Ask, identity: str) -> None:
    _client(ask).delete_cache_parameter_group(CacheParameterGroupName=identity)


# Replication groups --------------------------------------------------------------------------------------------------


def _check_group(properties: Properties) -> Iterable[Failure]:
    """Combinations that ElastiCache refuses (API reference, CreateReplicationGroup)."""
    if "numCacheClusters" in properties and "numNodeGroups" in properties:
        yield Failure("numNodeGroups", "'numCacheClusters' and 'numNodeGroups' exclude each other")
    if properties.get("multiAzEnabled") and not properties.get("automaticFailoverEnabled"):
        yield Failure("multiAzEnabled", "'multiAzEnabled' needs 'automaticFailoverEnabled'")
    if properties.get("globalReplicationGroupId") and {"nodeType", "engine", "numNodeGroups"} & set(properties):
        yield Failure("globalReplicationGroupId", "a member of a global datastore inherits nodeType, engine and shards")
    if properties.get("authToken") and properties.get("transitEncryptionEnabled") is False:
        yield Failure("authToken", "'authToken' needs 'transitEncryptionEnabled'")


def _described(ask: Ask, identity: str) -> Any:
    return _client(ask).describe_replication_groups(ReplicationGroupId=identity)["ReplicationGroups"][0]


def _log_deliveries(ask: Ask) -> list[dict[str, Any]]:
    """Destinations are named by one property; the API has a structure for each kind."""
    found = []
    for one in ask.inputs.get("logDeliveryConfigurations", []):
        stream = one["destinationType"] == "kinesis-firehose"
        details = (
            {"KinesisFirehoseDetails": {"DeliveryStream": one["destination"]}}
            if stream
            else {"CloudWatchLogsDetails": {"LogGroup": one["destination"]}}
        )
        found.append(
            {
                "LogType": one["logType"],
                "LogFormat": one["logFormat"],
                "Enabled": True,
                "DestinationType": one["destinationType"],
                "DestinationDetails": details,
            }
        )
    return found


def _create_group(ask: Ask) -> str:
    wanted = to_api(load(GROUP).inputs, ask.inputs)
    if "logDeliveryConfigurations" in ask.inputs:
        wanted["LogDeliveryConfigurations"] = _log_deliveries(ask)
    answer = _client(ask).create_replication_group(**wanted, Tags=pairs(ask.inputs.get("tags", {})))
    return str(answer["ReplicationGroup"]["ReplicationGroupId"])


def _find_group(ask: Ask) -> str | None:
    return str(_described(ask, ask.inputs["replicationGroupId"])["ReplicationGroupId"])


def _finish_group(ask: Ask, identity: str) -> None:
    wait_until(
        lambda: _described(ask, identity)["Status"],
        lambda status: status == "available",
        ask.timeout,
        f"replication group {identity} is available",
    )


def _read_group(ask: Ask, identity: str) -> Properties:
    live = _described(ask, identity)
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
        **_tags(ask, live.get("ARN", "")),
    }
    return {name: value for name, value in found.items() if value is not None}


def _of_first_member(ask: Ask, members: list[str]) -> Properties:
    """What only a member cluster's description tells."""
    if not members:
        return {}
    live = _client(ask).describe_cache_clusters(CacheClusterId=members[0])["CacheClusters"][0]
    found = {
        "engineVersion": live.get("EngineVersion"),
        "engineVersionActual": live.get("EngineVersion"),
        "parameterGroupName": live.get("CacheParameterGroup", {}).get("CacheParameterGroupName"),
        "subnetGroupName": live.get("CacheSubnetGroupName"),
        "maintenanceWindow": live.get("PreferredMaintenanceWindow"),
        "securityGroupIds": [one["SecurityGroupId"] for one in live.get("SecurityGroups", [])],
    }
    return {name: value for name, value in found.items() if value is not None}


# Input -> parameter of ModifyReplicationGroup, which has fewer than create.
CHANGEABLE = {
    "description": "ReplicationGroupDescription",
    "automaticFailoverEnabled": "AutomaticFailoverEnabled",
    "multiAzEnabled": "MultiAZEnabled",
    "nodeType": "CacheNodeType",
    "engine": "Engine",
    "engineVersion": "EngineVersion",
    "parameterGroupName": "CacheParameterGroupName",
    "securityGroupIds": "SecurityGroupIds",
    "maintenanceWindow": "PreferredMaintenanceWindow",
    "notificationTopicArn": "NotificationTopicArn",
    "autoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "snapshotRetentionLimit": "SnapshotRetentionLimit",
    "snapshotWindow": "SnapshotWindow",
    "transitEncryptionEnabled": "TransitEncryptionEnabled",
    "transitEncryptionMode": "TransitEncryptionMode",
    "clusterMode": "ClusterMode",
    "ipDiscovery": "IpDiscovery",
    "authToken": "AuthToken",
    "durability": "Durability",
}


def _update_group(ask: Ask, identity: str) -> None:
    client = _client(ask)
    wanted: dict[str, Any] = {
        theirs: ask.inputs[ours]
        for ours, theirs in CHANGEABLE.items()
        if ours in ask.inputs and ask.inputs[ours] != ask.old.get(ours)
    }
    if "AuthToken" in wanted:
        wanted["AuthTokenUpdateStrategy"] = ask.inputs.get("authTokenUpdateStrategy", "ROTATE")
    now, before = set(ask.inputs.get("userGroupIds", [])), set(ask.old.get("userGroupIds", []))
    if now - before:
        wanted["UserGroupIdsToAdd"] = sorted(now - before)
    if before - now:
        wanted["UserGroupIdsToRemove"] = sorted(before - now)
    if ask.inputs.get("logDeliveryConfigurations") != ask.old.get("logDeliveryConfigurations"):
        wanted["LogDeliveryConfigurations"] = _log_deliveries(ask)
    if wanted:
        at_once = bool(ask.inputs.get("applyImmediately", False))
        client.modify_replication_group(ReplicationGroupId=identity, ApplyImmediately=at_once, **wanted)
        _finish_group(ask, identity)
    _resize(ask, identity)
    if ask.inputs.get("tags", {}) != ask.old.get("tags", {}):
        _sync_tags(ask, _described(ask, identity)["ARN"])


def _resize(ask: Ask, identity: str) -> None:
    """Replicas are added and removed by calls of their own; both want the number of replicas, not of clusters."""
    clusters, before = ask.inputs.get("numCacheClusters"), ask.old.get("numCacheClusters")
    if clusters is None or before is None or clusters == before:
        return
    verb = "increase_replica_count" if clusters > before else "decrease_replica_count"
    getattr(_client(ask), verb)(ReplicationGroupId=identity, NewReplicaCount=clusters - 1, ApplyImmediately=True)


def _delete_group(ask: Ask, identity: str) -> None:
    client = _client(ask)
    final = ask.inputs.get("finalSnapshotIdentifier")
    snapshot = {"FinalSnapshotIdentifier": final} if final else {}
    if _described(ask, identity)["Status"] != "deleting":
        client.delete_replication_group(ReplicationGroupId=identity, **snapshot)
    wait_until(lambda: _is_gone(ask, identity), lambda gone: gone, ask.timeout, f"{identity} is gone")


def _is_gone(ask: Ask, identity: str) -> bool:
    client = _client(ask)
    try:
        client.describe_replication_groups(ReplicationGroupId=identity)
    except client.exceptions.ReplicationGroupNotFoundFault:
        return True
    return False


ROWS = (
    Type(
        token=PARAMETERS,
        create=_create_parameters,
        find=_find_parameters,
        finish=_finish_parameters,
        read=_read_parameters,
        update=_update_parameters,
        delete=_delete_parameters,
        autoname="name",
        name_limit=255,
        lower_name=True,
        force_new=frozenset({"name", "family", "description", "region"}),
        fill={"description": "Managed by Pulumi"},
        rules=Rules(sets=frozenset({"parameters"}), computed=frozenset({"region"})),
    ),
    Type(
        token=GROUP,
        create=_create_group,
        find=_find_group,
        finish=_finish_group,
        read=_read_group,
        update=_update_group,
        delete=_delete_group,
        check=_check_group,
        autoname="replicationGroupId",
        name_limit=40,
        lower_name=True,
        force_new=frozenset(
            {
                "replicationGroupId",
                "region",
                "atRestEncryptionEnabled",
                "dataTieringEnabled",
                "kmsKeyId",
                "port",
                "securityGroupNames",
                "snapshotArns",
                "snapshotName",
                "subnetGroupName",
                "globalReplicationGroupId",
                "networkType",
                "preferredCacheClusterAzs",
            }
        ),
        rules=Rules(
            sets=frozenset({"securityGroupIds", "userGroupIds", "logDeliveryConfigurations", "memberClusters"}),
            unreadable=frozenset(
                {
                    "applyImmediately",
                    "authToken",
                    "authTokenUpdateStrategy",
                    "authTokenWo",
                    "authTokenWoVersion",
                    "finalSnapshotIdentifier",
                    "notificationTopicArn",
                    "preferredCacheClusterAzs",
                    "securityGroupNames",
                    "snapshotArns",
                    "snapshotName",
                    "nodeGroupConfigurations",
                    "logDeliveryConfigurations",
                    "globalReplicationGroupId",
                }
            ),
            computed=frozenset(
                {
                    "region",
                    "nodeType",
                    "engine",
                    "engineVersion",
                    "numNodeGroups",
                    "numCacheClusters",
                    "port",
                    "replicasPerNodeGroup",
                    "parameterGroupName",
                    "subnetGroupName",
                    "maintenanceWindow",
                    "snapshotWindow",
                    "clusterMode",
                    "networkType",
                    "ipDiscovery",
                    "durability",
                    "autoMinorVersionUpgrade",
                    "atRestEncryptionEnabled",
                    "transitEncryptionEnabled",
                    "transitEncryptionMode",
                    "securityGroupIds",
                    "memberClusters",
                    "kmsKeyId",
                }
            ),
        ),
    ),
)
