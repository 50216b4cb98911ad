"""What ElastiCache keeps for one region."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class ParameterGroup:
    """A cache parameter group: its family's defaults and what was set by the user."""

    name: str
    family: str
    description: str
    arn: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass
class ReplicationGroup:
    """A replication group; `shards` lists the member ids of each node group, primary first."""

    id: str
    arn: str
    settings: dict[str, Any]
    shards: list[list[str]]
    created: datetime
    settles_at: float
    status: str = "creating"


@dataclass
class Region:
    """One region's groups by (lower-case) name."""

    parameter_groups: dict[str, ParameterGroup] = field(default_factory=dict)
    replication_groups: dict[str, ReplicationGroup] = field(default_factory=dict)
