"""The snapshot that POPs follow."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from typing import Any

import pytest

from tests.sandbox.aws.conftest import Aws
from tests.sandbox.aws.declared import cache_policy, distribution


def test_a_waiting_pop_is_woken_by_a_change(aws: Aws) -> None:
    """A long poll answers at the change, and 204 when its time is over without one."""
    cloudfront = aws.client("cloudfront")
    first = aws.edge()
    assert first is not None
    began = time.monotonic()
    assert aws.edge(after=first["seq"], wait=0.3) is None
    assert time.monotonic() - began >= 0.3
    got: list[object] = []
    poll = threading.Thread(target=lambda: got.append(aws.edge(first["seq"], 60)))  # its socket gives up after 20
    poll.start()
    cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("woken"))
    poll.join(timeout=30)
    [answer] = got
    assert isinstance(answer, dict)
    assert answer["seq"] > first["seq"]
    assert "woken" in [config["Name"] for config in answer["cache_policies"].values()]


def test_the_snapshot_has_what_was_declared(aws: Aws) -> None:
    """Distributions with their whole configuration, and the policies that they name."""
    cloudfront = aws.client("cloudfront")
    policy = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("snapshot"))["CachePolicy"]["Id"]
    made = cloudfront.create_distribution(DistributionConfig=distribution("snapshot", policy))["Distribution"]
    snapshot = aws.edge()
    assert snapshot is not None
    [shown] = [item for item in snapshot["distributions"] if item["id"] == made["Id"]]
    assert (shown["id"], shown["arn"], shown["domain"]) == (made["Id"], made["ARN"], made["DomainName"])
    assert shown["config"] == made["DistributionConfig"]
    assert snapshot["cache_policies"][policy]["MinTTL"] == 60
    assert snapshot["origin_request_policies"] != {}


def test_a_pop_from_before_a_restart_is_answered_at_once(aws: Aws) -> None:
    """A number that this emulator never gave out means that it was restarted: the whole truth, now."""
    answer = aws.edge(after=10_000, wait=10)
    assert answer is not None
    assert answer["seq"] < 10_000


def test_reading_changes_nothing(aws: Aws) -> None:
    """Reads and refused writes leave the number, and what it stands for, where they are; only deploying goes on."""
    cloudfront = aws.client("cloudfront")

    def told() -> dict[str, Any]:
        snapshot = aws.edge()
        assert snapshot is not None
        for row in snapshot["distributions"]:
            del row["status"]
        return snapshot

    policy = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("still"))["CachePolicy"]["Id"]
    before = told()
    cloudfront.get_cache_policy(Id=policy)
    cloudfront.list_distributions()
    with pytest.raises(cloudfront.exceptions.CachePolicyAlreadyExists):
        cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("still"))
    assert told() == before


def test_health_and_unknown_paths(aws: Aws) -> None:
    """Health says that it lives; another path says which there are; a broken acknowledgement is 400."""
    with urllib.request.urlopen(f"{aws.url}/_sandbox/health", timeout=30) as answer:
        assert answer.status == 200
    for path, body, status in (("/_sandbox/nothing", None, 404), ("/_sandbox/edge/ack", b"{}", 400)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(aws.url + path, data=body), timeout=30)
        assert refused.value.code == status
        refused.value.close()


def test_the_sandboxs_own_calls_are_no_vendor_calls(aws: Aws) -> None:
    """Nothing under /_sandbox is in the call log."""
    aws.edge()
    aws.client("sts").get_caller_identity()
    assert not [call for call in aws.calls() if "_sandbox" in json.dumps(call)]
