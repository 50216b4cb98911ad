"""What takes its time, under a clock of the test's own: how long a request takes on a busy machine plays no part."""

from __future__ import annotations

import random
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.aws.cloudfront.deployment import ALONE_SECONDS
from sandbox.aws.elasticache.replication_groups import SETTLING_SECONDS
from sandbox.aws.operations import OURS
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, Names, World
from tests.sandbox.aws.declared import OPTIMIZED, cache_policy, distribution, replication_group


class Alone:
    """An account in which moto keeps nothing."""

    def access_controls(self) -> Collection[str]:
        return ()

    def lone_clusters(self, region: str) -> list[Any]:
        return []


class Still:
    """An account whose clock stands until `pass_by` moves it."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        now = datetime(2027, 6, 12, 10, tzinfo=UTC)
        names = Names(random.Random(1))
        self.world = World(now=lambda: now, names=names, moto=Alone(), monotonic=lambda: self.seconds)

    def pass_by(self, seconds: float) -> None:
        """Let so much time pass."""
        self.seconds += seconds

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer of CloudFront or, in eu-central-1, of ElastiCache."""
        service = "elasticache" if "Replication" in operation else "cloudfront"
        with self.world.lock:
            return OURS[service, operation](self.world, Call(operation, "eu-central-1", parameters)) or {}

    def refused(self, operation: str, **parameters: Any) -> str:
        """The code with which it is refused."""
        with pytest.raises(AwsRefusal) as refusal:
            self.ask(operation, **parameters)
        return refusal.value.code


@pytest.fixture
def still() -> Still:
    """The account."""
    return Still()


def test_a_disabled_distribution_is_deleted_only_once_that_is_deployed(still: Still) -> None:
    """While its last change is on the way to the POPs it stays; afterwards it goes."""
    config = distribution("ref", OPTIMIZED)
    made = still.ask("CreateDistribution", DistributionConfig=config)
    known = made["Distribution"]["Id"]
    still.pass_by(2 * ALONE_SECONDS)
    off = {**config, "Enabled": False}
    disabled = still.ask("UpdateDistribution", Id=known, IfMatch=made["ETag"], DistributionConfig=off)
    assert disabled["Distribution"]["Status"] == "InProgress"
    still.pass_by(ALONE_SECONDS - 0.01)
    assert still.refused("DeleteDistribution", Id=known, IfMatch=disabled["ETag"]) == "DistributionNotDisabled"
    still.pass_by(0.02)
    still.ask("DeleteDistribution", Id=known, IfMatch=disabled["ETag"])
    assert still.refused("GetDistribution", Id=known) == "NoSuchDistribution"


def test_a_changed_policy_is_deployed_with_its_distributions(still: Still) -> None:
    """Updating a cache policy puts the distributions that use it InProgress, and leaves their ETag."""
    policy = still.ask("CreateCachePolicy", CachePolicyConfig=cache_policy("tier"))
    known = policy["CachePolicy"]["Id"]
    users, others = (
        still.ask("CreateDistribution", DistributionConfig=distribution(name, used))
        for name, used in (("user", known), ("other", OPTIMIZED))
    )

    def status(made: dict[str, Any]) -> tuple[str, bool]:
        shown = still.ask("GetDistribution", Id=made["Distribution"]["Id"])
        return shown["Distribution"]["Status"], shown["ETag"] == made["ETag"]

    assert (status(users), status(others)) == (("InProgress", True), ("InProgress", True))
    still.pass_by(2 * ALONE_SECONDS)
    assert (status(users), status(others)) == (("Deployed", True), ("Deployed", True))
    changed = cache_policy("tier", MaxTTL=99999)
    still.ask("UpdateCachePolicy", Id=known, IfMatch=policy["ETag"], CachePolicyConfig=changed)
    assert (status(users), status(others)) == (("InProgress", True), ("Deployed", True))
    still.pass_by(2 * ALONE_SECONDS)
    assert status(users) == ("Deployed", True)


def test_a_group_is_deleting_for_a_moment(still: Still) -> None:
    """Meanwhile it is shown and takes no change; then it is gone."""
    still.ask("CreateReplicationGroup", **replication_group("gone"))
    still.pass_by(2 * SETTLING_SECONDS)
    assert still.ask("DeleteReplicationGroup", ReplicationGroupId="gone")["ReplicationGroup"]["Status"] == "deleting"
    change = {"ReplicationGroupId": "gone", "ReplicationGroupDescription": "x"}
    assert still.refused("ModifyReplicationGroup", **change) == "InvalidReplicationGroupState"
    still.pass_by(2 * SETTLING_SECONDS)
    assert still.refused("ModifyReplicationGroup", **change) == "ReplicationGroupNotFoundFault"
