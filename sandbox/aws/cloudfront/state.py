"""What CloudFront keeps for an account. Configurations are dictionaries in botocore's response shape."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Policy:
    """A cache, origin request or response headers policy."""

    id: str
    config: dict[str, Any]
    etag: str
    modified: datetime
    type: str = "custom"


@dataclass
class Stage:
    """One stage of a function: DEVELOPMENT or LIVE."""

    config: dict[str, Any]
    code: bytes
    etag: str
    created: datetime
    modified: datetime


@dataclass
class Function:
    """A CloudFront function: what is being written, and what was published."""

    name: str
    arn: str
    development: Stage
    live: Stage | None = None


@dataclass
class Store:
    """A key value store. `etag` belongs to CloudFront's API, `data_etag` to the data plane's; they are not the same."""

    id: str
    name: str
    arn: str
    comment: str
    etag: str
    data_etag: str
    created: datetime
    modified: datetime
    ready_at: float
    pairs: dict[str, str] = field(default_factory=dict)


@dataclass
class Distribution:
    """A distribution. `seq`: the edge change that POPs must have applied before it counts as deployed."""

    id: str
    arn: str
    domain: str
    config: dict[str, Any]
    etag: str
    modified: datetime
    seq: int
    changed_at: float
    monitoring: dict[str, Any] | None = None


@dataclass
class ConnectionGroup:
    """A connection group: where viewers of its tenants connect to. `default`: CloudFront made it by itself."""

    id: str
    name: str
    arn: str
    endpoint: str
    etag: str
    created: datetime
    modified: datetime
    seq: int
    changed_at: float
    ipv6: bool = True
    enabled: bool = True
    anycast: str = ""
    default: bool = False


@dataclass
class Tenant:
    """A tenant of a multi-tenant distribution. `declared`: domains, customizations, parameters, as they were given."""

    id: str
    name: str
    arn: str
    distribution_id: str
    group_id: str
    declared: dict[str, Any]
    etag: str
    created: datetime
    modified: datetime
    seq: int
    changed_at: float
    enabled: bool = True

    @property
    def domains(self) -> list[str]:
        """Its host names, in lower case."""
        return [str(row["Domain"]).lower() for row in self.declared["Domains"]]


@dataclass
class Invalidation:
    """One invalidation batch; `seq` is the edge change that carries it to the POPs.

    `owner` is the distribution's id, or the id of the one tenant that it is for.
    """

    id: str
    owner: str
    batch: dict[str, Any]
    created: datetime
    seq: int


@dataclass
class CloudFront:
    """All of it. Policies are kept by noun ("CachePolicy"), then id; tags by ARN."""

    policies: dict[str, dict[str, Policy]] = field(default_factory=lambda: defaultdict(dict))
    functions: dict[str, Function] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    distributions: dict[str, Distribution] = field(default_factory=dict)
    connection_groups: dict[str, ConnectionGroup] = field(default_factory=dict)
    tenants: dict[str, Tenant] = field(default_factory=dict)
    invalidations: dict[str, list[Invalidation]] = field(default_factory=lambda: defaultdict(list))
    tags: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))


def behaviors(config: dict[str, Any]) -> list[dict[str, Any]]:
    """All cache behaviours of a DistributionConfig, the default one first."""
    return [config["DefaultCacheBehavior"], *((config.get("CacheBehaviors") or {}).get("Items") or [])]
