"""Cache parameter groups and the parameters in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import code_of, until
from tests.sandbox.aws.groups import available, is_gone

Fresh = Callable[[str], str]


def test_parameter_groups(elasticache: Any, fresh: Fresh) -> None:
    """Parameters are set within their family and range, listed by source, and reset."""
    name = fresh("tuned")
    made = elasticache.create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="valkey8", Description="high tier"
    )["CacheParameterGroup"]
    assert made["ARN"].endswith(f":parametergroup:{name}")

    def set_to(**values: str) -> None:
        pairs = [{"ParameterName": key.replace("_", "-"), "ParameterValue": value} for key, value in values.items()]
        elasticache.modify_cache_parameter_group(CacheParameterGroupName=name, ParameterNameValues=pairs)

    def own() -> dict[str, str]:
        listed = elasticache.describe_cache_parameters(CacheParameterGroupName=name, Source="user")["Parameters"]
        return {item["ParameterName"]: item["ParameterValue"] for item in listed}

    set_to(maxmemory_policy="volatile-ttl", reserved_memory_percent="30")
    assert own() == {"maxmemory-policy": "volatile-ttl", "reserved-memory-percent": "30"}
    for wrong in ({"maxmemory_policy": "newest-first"}, {"reserved_memory_percent": "101"}, {"no_such": "1"}):
        with pytest.raises(ClientError) as refused:
            set_to(**wrong)
        assert code_of(refused) == ("InvalidParameterValue", 400)
    elasticache.reset_cache_parameter_group(
        CacheParameterGroupName=name, ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "x"}]
    )
    assert own() == {"reserved-memory-percent": "30"}
    group = fresh("user")
    available(elasticache, group, CacheParameterGroupName=name)
    with pytest.raises(ClientError) as used:
        elasticache.delete_cache_parameter_group(CacheParameterGroupName=name)
    assert code_of(used) == ("InvalidCacheParameterGroupState", 400)
    elasticache.delete_replication_group(ReplicationGroupId=group)
    until(lambda: is_gone(elasticache, group))
    elasticache.delete_cache_parameter_group(CacheParameterGroupName=name)
    with pytest.raises(ClientError) as gone:
        elasticache.describe_cache_parameter_groups(CacheParameterGroupName=name)
    assert code_of(gone) == ("CacheParameterGroupNotFound", 404)


def test_default_parameter_groups_are_there_and_cannot_be_changed(elasticache: Any) -> None:
    """AWS's default groups are described, and refuse every change."""
    name = "default.valkey8"
    assert elasticache.describe_cache_parameter_groups(CacheParameterGroupName=name)["CacheParameterGroups"]
    with pytest.raises(ClientError) as refused:
        elasticache.delete_cache_parameter_group(CacheParameterGroupName=name)
    assert code_of(refused) == ("InvalidCacheParameterGroupState", 400)
