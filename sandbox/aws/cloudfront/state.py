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
class Invalidation:
    """One invalidation batch; `seq` is the edge change that carries it to the POPs."""

    id: str
    distribution_id: str
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
    invalidations: dict[str, list[Invalidation]] = field(default_factory=lambda: defaultdict(list))
    tags: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))


def behaviors(config: dict[str, Any]) -> list[dict[str, Any]]:
    """All cache behaviours of a DistributionConfig, the default one first."""
    return [config["DefaultCacheBehavior"], *((config.get("CacheBehaviors") or {}).get("Items") or [])]
