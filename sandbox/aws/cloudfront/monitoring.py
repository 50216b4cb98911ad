"""Monitoring subscriptions: the additional metrics of a distribution."""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront.distributions import found
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateMonitoringSubscription."""
    distribution = found(world, call["DistributionId"])
    if distribution.monitoring is not None:
        message = "A monitoring subscription already exists for the specified distribution."
        raise AwsRefusal("MonitoringSubscriptionAlreadyExists", message)
    distribution.monitoring = call["MonitoringSubscription"]
    return {"MonitoringSubscription": distribution.monitoring}


def get(world: World, call: Call) -> dict[str, Any]:
    """GetMonitoringSubscription."""
    return {"MonitoringSubscription": _existing(world, call)}


def delete(world: World, call: Call) -> dict[str, Any]:
    """DeleteMonitoringSubscription."""
    _existing(world, call)
    found(world, call["DistributionId"]).monitoring = None
    return {}


def _existing(world: World, call: Call) -> dict[str, Any]:
    subscription = found(world, call["DistributionId"]).monitoring
    if subscription is None:
        message = "A monitoring subscription does not exist for the specified distribution."
        raise AwsRefusal("NoSuchMonitoringSubscription", message)
    return subscription
