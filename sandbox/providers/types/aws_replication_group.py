"""ElastiCache replication groups. Each honours its own `region`.

Source of facts: botocore's ElastiCache model; force-new from terraform-provider-aws' documentation of
aws_elasticache_replication_group.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.providers.check import Failure
from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import to_api
from sandbox.providers.types.aws_elasticache import client_of, sync_tags
from sandbox.providers.types.aws_replication_group_read import described, read_group
from sandbox.providers.types.aws_tags import pairs
from sandbox.providers.waiting import wait_until

GROUP = "aws:elasticache/replicationGroup:ReplicationGroup"


def _check_group(properties: Properties) -> Iterable[Failure]:
    """Combinations that ElastiCache refuses (API reference, CreateReplicationGroup)."""
    if "numCacheClusters" in properties and "numNodeGroups" in properties:
        yield Failure("numNodeGroups", "'numCacheClusters' and 'numNodeGroups' exclude each other")
    if properties.get("multiAzEnabled") is True and not properties.get("automaticFailoverEnabled"):
        yield Failure("multiAzEnabled", "'multiAzEnabled' needs 'automaticFailoverEnabled'")
    if properties.get("globalReplicationGroupId") and {"nodeType", "engine", "numNodeGroups"} & set(properties):
        yield Failure("globalReplicationGroupId", "a member of a global datastore inherits nodeType, engine and shards")
    for name in sorted({"authTokenWo", "authTokenWoVersion"} & set(properties)):
        yield Failure(name, f"'{name}' is not supported here: use 'authToken', which is kept as a secret")
    if properties.get("authToken") and properties.get("transitEncryptionEnabled") is False:
        yield Failure("authToken", "'authToken' needs 'transitEncryptionEnabled'")


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
    answer = client_of(ask).create_replication_group(**wanted, Tags=pairs(ask.inputs.get("tags", {})))
    return str(answer["ReplicationGroup"]["ReplicationGroupId"])


def _find_group(ask: Ask) -> str | None:
    return str(described(ask, ask.inputs["replicationGroupId"])["ReplicationGroupId"])


def _finish_group(ask: Ask, identity: str) -> None:
    wait_until(
        lambda: described(ask, identity)["Status"],
        lambda status: status == "available",
        ask.timeout,
        f"replication group {identity} is available",
    )


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


# Changed by code of their own, or read only when another call is made.
HANDLED = frozenset(
    {
        *CHANGEABLE,
        "userGroupIds",
        "logDeliveryConfigurations",
        "numCacheClusters",
        "tags",
        "applyImmediately",
        "authTokenUpdateStrategy",
        "finalSnapshotIdentifier",
    }
)


def _refuse_unhandled(ask: Ask) -> None:
    """Resharding and a few other changes are not made here; better to say so than to leave them out."""
    names = set(ask.inputs) | set(ask.old)
    for name in sorted(names - HANDLED - {"__defaults"}):
        if ask.inputs.get(name) != ask.old.get(name):
            raise ValueError(f"a change of '{name}' in place is not supported here; nothing was changed")


def _update_group(ask: Ask, identity: str) -> None:
    _refuse_unhandled(ask)
    client = client_of(ask)
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
        sync_tags(ask, described(ask, identity)["ARN"])


def _resize(ask: Ask, identity: str) -> None:
    """Replicas are added and removed by calls of their own; both want the number of replicas, not of clusters."""
    clusters, before = ask.inputs.get("numCacheClusters"), ask.old.get("numCacheClusters")
    if clusters is None or before is None or clusters == before:
        return
    verb = "increase_replica_count" if clusters > before else "decrease_replica_count"
    getattr(client_of(ask), verb)(ReplicationGroupId=identity, NewReplicaCount=clusters - 1, ApplyImmediately=True)


def _delete_group(ask: Ask, identity: str) -> None:
    client = client_of(ask)
    final = ask.inputs.get("finalSnapshotIdentifier")
    snapshot = {"FinalSnapshotIdentifier": final} if final else {}
    if described(ask, identity)["Status"] != "deleting":
        client.delete_replication_group(ReplicationGroupId=identity, **snapshot)
    wait_until(lambda: _is_gone(ask, identity), lambda gone: gone, ask.timeout, f"{identity} is gone")


def _is_gone(ask: Ask, identity: str) -> bool:
    client = client_of(ask)
    try:
        client.describe_replication_groups(ReplicationGroupId=identity)
    except client.exceptions.ReplicationGroupNotFoundFault:
        return True
    return False


ROWS = (
    Type(
        token=GROUP,
        create=_create_group,
        find=_find_group,
        finish=_finish_group,
        read=read_group,
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
