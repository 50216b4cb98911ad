"""What ElastiCache keeps for one region."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class ParameterGroup:
    """A cache parameter group: its family, and what was set by the user over the family's defaults."""

    name: str
    family: str
    description: str
    arn: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass
class SubnetGroup:
    """A cache subnet group."""

    name: str
    description: str
    arn: str
    subnets: list[str]


@dataclass
class ReplicationGroup:
    """A replication group. `shards` lists the member ids of each node group, primary first.

    `settings` has CreateReplicationGroup's members, all filled in; `pending` waits for the maintenance window.
    `status` holds until `settles_at` (monotonic seconds), then the group is available, or gone if it was deleting.
    """

    id: str
    arn: str
    settings: dict[str, Any]
    shards: list[list[str]]
    created: datetime
    settles_at: float
    status: str = "creating"
    pending: dict[str, Any] = field(default_factory=dict)

    @property
    def members(self) -> list[str]:
        """The ids of all member clusters."""
        return [member for shard in self.shards for member in shard]


@dataclass
class Region:
    """One region's groups by (lower-case) name, and their tags by ARN."""

    parameter_groups: dict[str, ParameterGroup] = field(default_factory=dict)
    subnet_groups: dict[str, SubnetGroup] = field(default_factory=dict)
    replication_groups: dict[str, ReplicationGroup] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
