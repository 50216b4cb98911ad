"""Which calls are answered here; every other one is moto's, or refused with 501."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.aws import keyvaluestore
from sandbox.aws.cloudfront import (
    connection_groups,
    distributions,
    functions,
    invalidations,
    monitoring,
    policies,
    stores,
    tags,
    tenants,
)
from sandbox.aws.elasticache import beside_moto, parameter_groups, replication_groups, subnet_groups
from sandbox.aws.world import Call, World

Handler = Callable[[World, Call], dict[str, Any] | None]

OURS: dict[tuple[str, str], Handler] = {
    **{("cloudfront", operation): handler for operation, handler in policies.handlers()},
    ("cloudfront", "CreateKeyValueStore"): stores.create,
    ("cloudfront", "DescribeKeyValueStore"): stores.describe,
    ("cloudfront", "UpdateKeyValueStore"): stores.update,
    ("cloudfront", "DeleteKeyValueStore"): stores.delete,
    ("cloudfront", "ListKeyValueStores"): stores.list_stores,
    ("cloudfront", "CreateFunction"): functions.create,
    ("cloudfront", "DescribeFunction"): functions.describe,
    ("cloudfront", "GetFunction"): functions.get,
    ("cloudfront", "UpdateFunction"): functions.update,
    ("cloudfront", "PublishFunction"): functions.publish,
    ("cloudfront", "DeleteFunction"): functions.delete,
    ("cloudfront", "ListFunctions"): functions.list_functions,
    ("cloudfront", "CreateDistribution"): distributions.create,
    ("cloudfront", "CreateDistributionWithTags"): distributions.create,
    ("cloudfront", "GetDistribution"): distributions.get,
    ("cloudfront", "GetDistributionConfig"): distributions.get_config,
    ("cloudfront", "UpdateDistribution"): distributions.update,
    ("cloudfront", "DeleteDistribution"): distributions.delete,
    ("cloudfront", "ListDistributions"): distributions.list_distributions,
    ("cloudfront", "CreateConnectionGroup"): connection_groups.create,
    ("cloudfront", "GetConnectionGroup"): connection_groups.get,
    ("cloudfront", "GetConnectionGroupByRoutingEndpoint"): connection_groups.get_by_endpoint,
    ("cloudfront", "UpdateConnectionGroup"): connection_groups.update,
    ("cloudfront", "DeleteConnectionGroup"): connection_groups.delete,
    ("cloudfront", "ListConnectionGroups"): connection_groups.list_groups,
    ("cloudfront", "CreateDistributionTenant"): tenants.create,
    ("cloudfront", "GetDistributionTenant"): tenants.get,
    ("cloudfront", "GetDistributionTenantByDomain"): tenants.get_by_domain,
    ("cloudfront", "UpdateDistributionTenant"): tenants.update,
    ("cloudfront", "DeleteDistributionTenant"): tenants.delete,
    ("cloudfront", "ListDistributionTenants"): tenants.list_tenants,
    ("cloudfront", "CreateInvalidationForDistributionTenant"): invalidations.create_for_tenant,
    ("cloudfront", "GetInvalidationForDistributionTenant"): invalidations.get_for_tenant,
    ("cloudfront", "ListInvalidationsForDistributionTenant"): invalidations.list_for_tenant,
    ("cloudfront", "CreateMonitoringSubscription"): monitoring.create,
    ("cloudfront", "GetMonitoringSubscription"): monitoring.get,
    ("cloudfront", "DeleteMonitoringSubscription"): monitoring.delete,
    ("cloudfront", "CreateInvalidation"): invalidations.create,
    ("cloudfront", "GetInvalidation"): invalidations.get,
    ("cloudfront", "ListInvalidations"): invalidations.list_invalidations,
    ("cloudfront", "ListTagsForResource"): tags.list_tags,
    ("cloudfront", "TagResource"): tags.tag,
    ("cloudfront", "UntagResource"): tags.untag,
    ("elasticache", "CreateCacheParameterGroup"): parameter_groups.create,
    ("elasticache", "DescribeCacheParameterGroups"): parameter_groups.describe,
    ("elasticache", "DescribeCacheParameters"): parameter_groups.describe_parameters,
    ("elasticache", "ModifyCacheParameterGroup"): parameter_groups.modify,
    ("elasticache", "ResetCacheParameterGroup"): parameter_groups.reset,
    ("elasticache", "DeleteCacheParameterGroup"): parameter_groups.delete,
    ("elasticache", "CreateReplicationGroup"): replication_groups.create,
    ("elasticache", "DescribeReplicationGroups"): replication_groups.describe,
    ("elasticache", "ModifyReplicationGroup"): replication_groups.modify,
    ("elasticache", "IncreaseReplicaCount"): replication_groups.increase,
    ("elasticache", "DecreaseReplicaCount"): replication_groups.decrease,
    ("elasticache", "DeleteReplicationGroup"): replication_groups.delete,
    ("elasticache", "DescribeCacheClusters"): beside_moto.describe_clusters,
    ("elasticache", "CreateCacheSubnetGroup"): subnet_groups.create,
    ("elasticache", "DescribeCacheSubnetGroups"): subnet_groups.describe,
    ("elasticache", "ModifyCacheSubnetGroup"): subnet_groups.modify,
    ("elasticache", "DeleteCacheSubnetGroup"): subnet_groups.delete,
    ("elasticache", "ListTagsForResource"): beside_moto.list_tags,
    ("elasticache", "AddTagsToResource"): beside_moto.add_tags,
    ("elasticache", "RemoveTagsFromResource"): beside_moto.remove_tags,
    ("cloudfront-keyvaluestore", "DescribeKeyValueStore"): keyvaluestore.describe,
    ("cloudfront-keyvaluestore", "GetKey"): keyvaluestore.get_key,
    ("cloudfront-keyvaluestore", "ListKeys"): keyvaluestore.list_keys,
    ("cloudfront-keyvaluestore", "PutKey"): keyvaluestore.put_key,
    ("cloudfront-keyvaluestore", "DeleteKey"): keyvaluestore.delete_key,
    ("cloudfront-keyvaluestore", "UpdateKeys"): keyvaluestore.update_keys,
}


def is_mutating(operation: str) -> bool:
    """Whether an operation changes something, judged by its name as AWS's own CloudTrail does."""
    reading = (
        "Get",
        "List",
        "Describe",
        "Head",
        "Test",
        "BatchGet",
        "Lookup",
        "Search",
        "Select",
        "Verify",
        "Simulate",
    )
    return not operation.startswith(reading) and operation not in ("AssumeRole", "DecodeAuthorizationMessage")
