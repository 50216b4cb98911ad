"""ElastiCache: parameter groups, replication groups with their members, subnet groups, tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import Aws, code_of, until
from tests.sandbox.aws.declared import replication_group
from tests.sandbox.aws.groups import available, is_gone, settled

Fresh = Callable[[str], str]


def test_a_group_is_kept_whole(elasticache: Any, fresh: Fresh) -> None:
    """Members, versions, encryption and windows are shown; ids are lower-cased; members are clusters."""
    name = fresh("Como-High")
    made = elasticache.create_replication_group(**replication_group(name, SnapshotRetentionLimit=7))
    assert made["ReplicationGroup"]["Status"] == "creating"
    assert made["ReplicationGroup"]["ReplicationGroupId"] == name.lower()
    group = settled(elasticache, name)
    assert group["MemberClusters"] == [f"{name.lower()}-001", f"{name.lower()}-002"]
    assert [member["CurrentRole"] for member in group["NodeGroups"][0]["NodeGroupMembers"]] == ["primary", "replica"]
    assert (group["AutomaticFailover"], group["MultiAZ"], group["ClusterEnabled"]) == ("enabled", "enabled", False)
    assert (group["AtRestEncryptionEnabled"], group["TransitEncryptionEnabled"]) == (True, True)
    assert (group["TransitEncryptionMode"], group["SnapshotRetentionLimit"]) == ("required", 7)
    assert group["NodeGroups"][0]["PrimaryEndpoint"]["Address"].endswith(".euc1.cache.amazonaws.com")
    [cluster] = elasticache.describe_cache_clusters(CacheClusterId=f"{name}-001", ShowCacheNodeInfo=True)[
        "CacheClusters"
    ]
    assert (cluster["Engine"], cluster["EngineVersion"]) == ("valkey", "8.2.0")
    assert cluster["CacheParameterGroup"]["CacheParameterGroupName"] == "default.valkey8"
    assert cluster["CacheNodes"][0]["Endpoint"] == group["NodeGroups"][0]["PrimaryEndpoint"]
    with pytest.raises(ClientError) as twice:
        elasticache.create_replication_group(**replication_group(name))
    assert code_of(twice) == ("ReplicationGroupAlreadyExists", 400)


def test_a_deleted_group_vanishes(elasticache: Any, fresh: Fresh) -> None:
    """`deleting` for a moment, then ReplicationGroupNotFoundFault; its members are gone too."""
    name = fresh("gone")
    available(elasticache, name)
    assert elasticache.delete_replication_group(ReplicationGroupId=name)["ReplicationGroup"]["Status"] == "deleting"
    until(lambda: is_gone(elasticache, name))
    with pytest.raises(ClientError) as member:
        elasticache.describe_cache_clusters(CacheClusterId=f"{name}-001")
    assert member.value.response["Error"]["Code"] == "CacheClusterNotFound"


def test_endpoints_are_the_regions_valkey_pair(own_aws: Aws) -> None:
    """A group answers with the addresses of its region's Valkey pair; without a pair with made-up names."""
    with own_aws.run.edit() as registry:
        registry["endpoints"] = {
            "valkey-us-east-1-primary": "127.0.0.1:6380",
            "valkey-us-east-1-replica": "127.0.0.1:6381",
        }
    there, elsewhere = own_aws.client("elasticache", "us-east-1"), own_aws.client("elasticache", "eu-west-1")
    group = available(there, "como")
    assert group["NodeGroups"][0]["PrimaryEndpoint"] == {"Address": "127.0.0.1", "Port": 6380}
    assert group["NodeGroups"][0]["ReaderEndpoint"] == {"Address": "127.0.0.1", "Port": 6381}
    assert is_gone(elsewhere, "como")
    other = available(elsewhere, "como")
    assert other["NodeGroups"][0]["PrimaryEndpoint"]["Address"].endswith(".cache.amazonaws.com")


def test_replicas_are_added_and_taken_away(elasticache: Any, fresh: Fresh) -> None:
    """IncreaseReplicaCount and DecreaseReplicaCount change the members; no failover without a replica."""
    name = fresh("scale")
    available(elasticache, name)
    elasticache.increase_replica_count(ReplicationGroupId=name, NewReplicaCount=3, ApplyImmediately=True)
    assert len(settled(elasticache, name)["MemberClusters"]) == 4
    elasticache.decrease_replica_count(ReplicationGroupId=name, NewReplicaCount=1, ApplyImmediately=True)
    assert len(settled(elasticache, name)["MemberClusters"]) == 2
    for count, code in ((0, "InvalidParameterCombination"), (1, "NoOperationFault"), (6, "InvalidParameterValue")):
        with pytest.raises(ClientError) as refused:
            elasticache.decrease_replica_count(ReplicationGroupId=name, NewReplicaCount=count, ApplyImmediately=True)
        assert code_of(refused) == (code, 400)


def test_a_node_type_waits_for_the_window_unless_told(elasticache: Any, fresh: Fresh) -> None:
    """Without ApplyImmediately a new node type is pending; with it, it is there."""
    name = fresh("wait")
    available(elasticache, name)
    elasticache.modify_replication_group(
        ReplicationGroupId=name, CacheNodeType="cache.r7g.xlarge", ReplicationGroupDescription="second"
    )
    group = settled(elasticache, name)
    assert (group["CacheNodeType"], group["Description"]) == ("cache.r7g.large", "second")
    [cluster] = elasticache.describe_cache_clusters(CacheClusterId=f"{name}-001")["CacheClusters"]
    assert cluster["PendingModifiedValues"]["CacheNodeType"] == "cache.r7g.xlarge"
    elasticache.modify_replication_group(
        ReplicationGroupId=name,
        CacheNodeType="cache.r7g.xlarge",
        EngineVersion="9.0",
        ApplyImmediately=True,
        CacheParameterGroupName="default.valkey9",
    )
    assert settled(elasticache, name)["CacheNodeType"] == "cache.r7g.xlarge"
    with pytest.raises(ClientError) as downgrade:
        elasticache.modify_replication_group(ReplicationGroupId=name, EngineVersion="8.2", ApplyImmediately=True)
    assert code_of(downgrade) == ("InvalidParameterValue", 400)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "failover without a replica": ({"NumCacheClusters": 1, "MultiAZEnabled": False}, "InvalidParameterCombination"),
    "multi-AZ without failover": ({"AutomaticFailoverEnabled": False}, "InvalidParameterCombination"),
    "seven members": ({"NumCacheClusters": 7}, "InvalidParameterValue"),
    "members and shards": ({"NumNodeGroups": 2}, "InvalidParameterCombination"),
    "no such engine": ({"Engine": "memcached"}, "InvalidParameterValue"),
    "no such version": ({"EngineVersion": "3.1"}, "InvalidParameterValue"),
    "no such node type": ({"CacheNodeType": "db.t3.micro"}, "InvalidParameterValue"),
    "two hyphens": ({"ReplicationGroupId": "como--high"}, "InvalidParameterValue"),
    "no such parameter group": ({"CacheParameterGroupName": "nowhere"}, "CacheParameterGroupNotFound"),
    "parameter group of another family": (
        {"CacheParameterGroupName": "default.redis7"},
        "InvalidParameterCombination",
    ),
    "no such subnet group": ({"CacheSubnetGroupName": "nowhere"}, "CacheSubnetGroupNotFoundFault"),
    "no such user group": ({"UserGroupIds": ["nobody"]}, "UserGroupNotFound"),
    "token without TLS": (
        {"AuthToken": "a-token-of-20-chars-", "TransitEncryptionEnabled": False},
        "InvalidParameterCombination",
    ),
    "durability without cluster mode": ({"Durability": "sync"}, "InvalidParameterCombination"),
    "wrong enum": ({"ClusterMode": "maybe"}, "InvalidParameterValue"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_settings_that_do_not_go_together_are_refused(elasticache: Any, fresh: Fresh, case: str) -> None:
    """Each mistake is refused with AWS's code, and no group is made."""
    changes, code = REFUSED[case]
    wanted = replication_group(fresh("wrong"), **changes)
    with pytest.raises(ClientError) as refused:
        elasticache.create_replication_group(**wanted)
    assert refused.value.response["Error"]["Code"] == code
    assert is_gone(elasticache, wanted["ReplicationGroupId"])


def test_cluster_mode_with_durability(elasticache: Any, fresh: Fresh) -> None:
    """Shards, a configuration endpoint and durability of Valkey 9 come back as declared."""
    name = fresh("durable")
    wanted = replication_group(name, EngineVersion="9.0", NumNodeGroups=2, ReplicasPerNodeGroup=1, Durability="sync")
    del wanted["NumCacheClusters"]
    elasticache.create_replication_group(**wanted)
    group = settled(elasticache, name)
    assert (group["ClusterEnabled"], group["ClusterMode"], group["EffectiveDurability"]) == (True, "enabled", "sync")
    assert [shard["Slots"] for shard in group["NodeGroups"]] == ["0-8191", "8192-16383"]
    assert len(group["MemberClusters"]) == 4
    assert "ConfigurationEndpoint" in group


def test_a_secret_is_not_in_the_call_log(aws: Aws, elasticache: Any, fresh: Fresh) -> None:
    """The AUTH token of a group is removed before the call is written down."""
    name = fresh("secret")
    elasticache.create_replication_group(**replication_group(name, AuthToken="correct-horse-battery"))
    assert "correct-horse-battery" not in aws.run.calls.read_text()
    [call] = [
        call
        for call in aws.calls()
        if call["operation"] == "CreateReplicationGroup" and call["parameters"]["ReplicationGroupId"] == name
    ]
    assert call["parameters"]["AuthToken"] == "(removed)"


def test_subnet_groups_are_changed_and_deleted(elasticache: Any, fresh: Fresh) -> None:
    """Names are lower-cased, subnets change, a group in use stays, a deleted one is gone."""
    name, group = fresh("Subnets"), fresh("inside")
    elasticache.create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="first", SubnetIds=["subnet-0a", "subnet-0b"]
    )
    changed = elasticache.modify_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="second", SubnetIds=["subnet-0c"]
    )["CacheSubnetGroup"]
    assert changed["CacheSubnetGroupDescription"] == "second"
    assert changed["CacheSubnetGroupName"] == name.lower()
    with pytest.raises(ClientError) as invalid:
        elasticache.modify_cache_subnet_group(CacheSubnetGroupName=name, SubnetIds=["net-1"])
    assert code_of(invalid) == ("InvalidSubnet", 400)
    [kept] = elasticache.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"]
    assert [subnet["SubnetIdentifier"] for subnet in kept["Subnets"]] == ["subnet-0c"]
    available(elasticache, group, CacheSubnetGroupName=name)
    with pytest.raises(ClientError) as used:
        elasticache.delete_cache_subnet_group(CacheSubnetGroupName=name)
    assert code_of(used) == ("CacheSubnetGroupInUse", 400)
    elasticache.delete_replication_group(ReplicationGroupId=group)
    until(lambda: is_gone(elasticache, group))
    elasticache.delete_cache_subnet_group(CacheSubnetGroupName=name)
    with pytest.raises(ClientError) as gone:
        elasticache.delete_cache_subnet_group(CacheSubnetGroupName=name)
    assert code_of(gone) == ("CacheSubnetGroupNotFoundFault", 400)


TAGS = [{"Key": "tier", "Value": "low"}]


def test_tags_of_groups(elasticache: Any, fresh: Fresh) -> None:
    """Tags of ours and of moto's resources are added, listed and removed."""
    name = fresh("tagged")
    arn = elasticache.create_replication_group(**replication_group(name), Tags=[{"Key": "wedding", "Value": "como"}])[
        "ReplicationGroup"
    ]["ARN"]
    elasticache.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "tier", "Value": "high"}])
    elasticache.remove_tags_from_resource(ResourceName=arn, TagKeys=["wedding"])
    assert elasticache.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "tier", "Value": "high"}]
    alone = fresh("alone")
    other = elasticache.create_cache_cluster(
        CacheClusterId=alone, Engine="redis", CacheNodeType="cache.t4g.micro", NumCacheNodes=1, Tags=TAGS
    )["CacheCluster"]["ARN"]
    assert elasticache.list_tags_for_resource(ResourceName=other)["TagList"] == TAGS
    with pytest.raises(ClientError) as gone:
        elasticache.list_tags_for_resource(ResourceName=arn + "x")
    assert code_of(gone) == ("ReplicationGroupNotFoundFault", 404)


def test_clusters_of_moto_stand_beside_members(elasticache: Any, fresh: Fresh) -> None:
    """A cluster outside any group, which moto keeps, is listed with the members of groups."""
    alone, name = fresh("alone"), fresh("group")
    elasticache.create_cache_cluster(
        CacheClusterId=alone, Engine="redis", CacheNodeType="cache.t4g.micro", NumCacheNodes=1
    )
    available(elasticache, name)
    listed = [item["CacheClusterId"] for item in elasticache.describe_cache_clusters()["CacheClusters"]]
    assert {alone, f"{name}-001", f"{name}-002"} <= set(listed)
    assert elasticache.describe_cache_clusters(CacheClusterId=alone)["CacheClusters"]
