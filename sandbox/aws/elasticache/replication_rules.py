"""What ElastiCache demands of a replication group, and what it fills in.

Source: ElastiCache API reference (CreateReplicationGroup, ModifyReplicationGroup).
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.aws.elasticache.checks import invalid_combination, invalid_value
from sandbox.aws.elasticache.families import NEWEST, VERSIONS, family_of
from sandbox.aws.refusal import AwsRefusal

REPLICAS = 5
SHARDS = 90
NODE_TYPE = re.compile(r"cache\.[a-z0-9]+\.(micro|small|medium|large|\d*xlarge)")
AUTH_TOKEN = re.compile(r"[A-Za-z0-9!&#$^<>-]{16,128}")

_ABSENT = (
    "GlobalReplicationGroupId",
    "PrimaryClusterId",
    "SnapshotArns",
    "SnapshotName",
    "ServerlessCacheSnapshotName",
)
_DEFAULTS: dict[str, Any] = {
    "AutomaticFailoverEnabled": False,
    "MultiAZEnabled": False,
    "SecurityGroupIds": [],
    "PreferredMaintenanceWindow": "mon:13:00-mon:14:00",
    "Port": 6379,
    "AutoMinorVersionUpgrade": True,
    "SnapshotRetentionLimit": 0,
    "SnapshotWindow": "05:00-06:00",
    "TransitEncryptionEnabled": False,
    "LogDeliveryConfigurations": [],
    "DataTieringEnabled": False,
    "NetworkType": "ipv4",
    "IpDiscovery": "ipv4",
}


def completed(given: dict[str, Any]) -> dict[str, Any]:
    """CreateReplicationGroup's members as ElastiCache keeps them. Refuses what it cannot be made from."""
    for member in _ABSENT:
        if given.get(member):
            raise AwsRefusal("NotImplemented", f"The sandbox makes no replication group from {member}.", 501)
    if "NumCacheClusters" in given and {"NumNodeGroups", "ReplicasPerNodeGroup"} & set(given):
        raise invalid_combination("Use NumCacheClusters, or NumNodeGroups and ReplicasPerNodeGroup, not both.")
    if not NODE_TYPE.fullmatch(given.get("CacheNodeType", "")):
        raise invalid_value(f"The cache node type {given.get('CacheNodeType')!r} is not valid.")
    engine = given.get("Engine", "redis").lower()
    if engine not in VERSIONS:
        raise invalid_value(f"The engine {engine!r} is not one of valkey and redis.")
    version = versioned(engine, given.get("EngineVersion", NEWEST[engine]))
    shards = given.get("NumNodeGroups", len(given.get("NodeGroupConfiguration") or []) or 1)
    clustered = shards > 1 or given.get("ClusterMode") in ("enabled", "compatible")
    clustered = clustered or given.get("CacheParameterGroupName", "").endswith(".cluster.on")
    secure = given.get("TransitEncryptionEnabled", False)
    settings = {
        **_DEFAULTS,
        "AtRestEncryptionEnabled": engine == "valkey",
        "CacheParameterGroupName": f"default.{family_of(engine, version)}" + (".cluster.on" if clustered else ""),
        "ClusterMode": "enabled" if clustered else "disabled",
        **given,
        "Engine": engine,
        "EngineVersion": version,
        "NumNodeGroups": shards,
        "ReplicasPerNodeGroup": given.get("ReplicasPerNodeGroup", given.get("NumCacheClusters", 1) - 1),
    }
    if secure:
        settings.setdefault("TransitEncryptionMode", "required")
    allowed(settings)
    return settings


def versioned(engine: str, version: str) -> str:
    """major.minor of an engine version. Refuses one that the engine does not have; "6.x" is Redis OSS 6.2."""
    asked = "6.2" if (engine, version) == ("redis", "6.x") else ".".join(version.split(".")[:2])
    if asked not in VERSIONS[engine] or version not in (asked, VERSIONS[engine][asked], "6.x"):
        raise invalid_value(f"Specific version selection is not allowed for '{version}' of {engine}.")
    return asked


def allowed(settings: dict[str, Any]) -> None:
    """Refuse settings that do not go together."""
    shards, replicas = settings["NumNodeGroups"], settings["ReplicasPerNodeGroup"]
    if not 1 <= shards <= SHARDS or not 0 <= replicas <= REPLICAS:
        raise invalid_value(f"A group has 1-{SHARDS} shards, each with 0-{REPLICAS} replicas.")
    if settings["AutomaticFailoverEnabled"] and replicas == 0 and settings["ClusterMode"] == "disabled":
        raise invalid_combination("Automatic failover requires at least 2 cache clusters.")
    if settings["MultiAZEnabled"] and not (settings["AutomaticFailoverEnabled"] and replicas):
        raise invalid_combination("Multi-AZ requires automatic failover and at least one replica.")
    if settings["ClusterMode"] != "disabled" and not settings["AutomaticFailoverEnabled"]:
        raise invalid_value("Automatic failover must be enabled for a group with cluster mode enabled.")
    secure = settings["TransitEncryptionEnabled"]
    if settings.get("AuthToken") and not secure:
        raise invalid_combination("AuthToken can be specified only when TransitEncryptionEnabled is true.")
    if settings.get("AuthToken") and not AUTH_TOKEN.fullmatch(settings["AuthToken"]):
        raise invalid_value("AuthToken has 16-128 printable characters; of the special ones only !&#$^<>-.")
    if settings.get("TransitEncryptionMode") and not secure:
        raise invalid_combination("TransitEncryptionMode requires TransitEncryptionEnabled.")
    if settings.get("UserGroupIds"):
        raise AwsRefusal("UserGroupNotFound", f"User group not found: {settings['UserGroupIds'][0]}")
    if not 0 <= settings["SnapshotRetentionLimit"] <= 35:
        raise invalid_value("SnapshotRetentionLimit must be between 0 and 35 days.")
    durable = settings.get("Durability", "default")
    if durable not in ("default", "disabled"):
        recent = settings["Engine"] == "valkey" and int(settings["EngineVersion"].split(".")[0]) >= 9
        if not recent or settings["ClusterMode"] == "disabled":
            raise invalid_combination("Durability requires Valkey 9.0 or later and cluster mode enabled.")


def changed(settings: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The settings after ModifyReplicationGroup. Refuses downgrades and what cannot be changed."""
    fresh = {**settings, **{name: value for name, value in changes.items() if name in _CHANGEABLE}}
    fresh["Engine"] = fresh["Engine"].lower()
    if fresh["Engine"] not in VERSIONS or (settings["Engine"], fresh["Engine"]) == ("valkey", "redis"):
        raise invalid_value(f"The engine cannot be changed from {settings['Engine']} to {fresh['Engine']}.")
    if fresh["Engine"] != settings["Engine"] and "EngineVersion" not in changes:
        raise invalid_combination("EngineVersion is required when the engine is changed.")
    fresh["EngineVersion"] = versioned(fresh["Engine"], fresh["EngineVersion"])
    same_engine = fresh["Engine"] == settings["Engine"]
    if same_engine and _number(fresh["EngineVersion"]) < _number(settings["EngineVersion"]):
        raise invalid_value("The engine version cannot be downgraded.")
    if not NODE_TYPE.fullmatch(fresh["CacheNodeType"]):
        raise invalid_value(f"The cache node type {fresh['CacheNodeType']!r} is not valid.")
    if fresh["TransitEncryptionEnabled"] and not settings["TransitEncryptionEnabled"]:
        fresh.setdefault("TransitEncryptionMode", "preferred")
        if fresh["TransitEncryptionMode"] == "required":
            raise invalid_combination("Set TransitEncryptionMode to preferred first, then to required.")
    if not fresh["TransitEncryptionEnabled"]:
        fresh.pop("TransitEncryptionMode", None)
    allowed(fresh)
    return fresh


_CHANGEABLE = {
    *("ReplicationGroupDescription", "AutomaticFailoverEnabled", "MultiAZEnabled", "SecurityGroupIds", "Engine"),
    *("PreferredMaintenanceWindow", "NotificationTopicArn", "CacheParameterGroupName", "EngineVersion", "Durability"),
    *("AutoMinorVersionUpgrade", "SnapshotRetentionLimit", "SnapshotWindow", "CacheNodeType", "AuthToken"),
    *("LogDeliveryConfigurations", "IpDiscovery", "TransitEncryptionEnabled", "TransitEncryptionMode", "ClusterMode"),
}


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
