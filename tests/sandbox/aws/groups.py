"""How tests make replication groups and wait for them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.aws.conftest import until
from tests.sandbox.aws.declared import replication_group


def shown(elasticache: Any, name: str) -> dict[str, Any]:
    """The group as it is described."""
    [group] = elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    return dict(group)


def available(elasticache: Any, name: str, **changes: Any) -> dict[str, Any]:
    """Make a group and wait until it is available."""
    elasticache.create_replication_group(**replication_group(name, **changes))
    return settled(elasticache, name)


def settled(elasticache: Any, name: str) -> dict[str, Any]:
    """Wait until a group is available, and describe it."""
    until(lambda: shown(elasticache, name)["Status"] == "available")
    return shown(elasticache, name)


def is_gone(elasticache: Any, name: str) -> bool:
    """Whether describing the group is refused."""
    try:
        shown(elasticache, name)
    except elasticache.exceptions.ReplicationGroupNotFoundFault:
        return True
    return False
