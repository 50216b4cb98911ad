"""The snapshot that POPs follow."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request

import pytest

from tests.sandbox.aws.conftest import Aws
from tests.sandbox.aws.declared import cache_policy, distribution


def test_a_waiting_pop_is_woken_by_a_change(own_aws: Aws) -> None:
    """A long poll answers at the change, and 204 when its time is over without one."""
    cloudfront = own_aws.client("cloudfront")
    first = own_aws.edge()
    assert first is not None
    began = time.monotonic()
    assert own_aws.edge(after=first["seq"], wait=0.3) is None
    assert time.monotonic() - began >= 0.3
    got: list[tuple[float, object]] = []
    poll = threading.Thread(target=lambda: got.append((time.monotonic(), own_aws.edge(first["seq"], 10))))
    poll.start()
    cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("woken"))
    changed = time.monotonic()
    poll.join(timeout=10)
    [(at, answer)] = got
    assert at - changed < 1.0
    assert isinstance(answer, dict)
    assert answer["seq"] > first["seq"]
    assert "woken" in [config["Name"] for config in answer["cache_policies"].values()]


def test_the_snapshot_has_what_was_declared(own_aws: Aws) -> None:
    """Distributions with their whole configuration, and the policies that they name."""
    cloudfront = own_aws.client("cloudfront")
    policy = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("high"))["CachePolicy"]["Id"]
    made = cloudfront.create_distribution(DistributionConfig=distribution("como", policy))["Distribution"]
    snapshot = own_aws.edge()
    assert snapshot is not None
    [shown] = snapshot["distributions"]
    assert (shown["id"], shown["arn"], shown["domain"]) == (made["Id"], made["ARN"], made["DomainName"])
    assert shown["config"] == made["DistributionConfig"]
    assert snapshot["cache_policies"][policy]["MinTTL"] == 60
    assert snapshot["origin_request_policies"] != {}
    assert snapshot["response_headers_policies"] == {}


def test_a_pop_from_before_a_restart_is_answered_at_once(own_aws: Aws) -> None:
    """A number that this emulator never gave out means that it was restarted: the whole truth, now."""
    answer = own_aws.edge(after=10_000, wait=10)
    assert answer is not None
    assert answer["seq"] == 0


def test_reading_changes_nothing(own_aws: Aws) -> None:
    """Reads and refused writes leave the number where it is."""
    cloudfront = own_aws.client("cloudfront")
    policy = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("still"))["CachePolicy"]["Id"]
    before = own_aws.edge()
    cloudfront.get_cache_policy(Id=policy)
    cloudfront.list_distributions()
    with pytest.raises(cloudfront.exceptions.CachePolicyAlreadyExists):
        cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("still"))
    assert own_aws.edge() == before


def test_health_and_unknown_paths(aws: Aws) -> None:
    """Health says that it lives; another path says which there are; a broken acknowledgement is 400."""
    with urllib.request.urlopen(f"{aws.url}/_sandbox/health", timeout=5) as answer:
        assert answer.status == 200
    for path, body, status in (("/_sandbox/nothing", None, 404), ("/_sandbox/edge/ack", b"{}", 400)):
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(urllib.request.Request(aws.url + path, data=body), timeout=5)
        assert refused.value.code == status
        refused.value.close()


def test_the_sandboxs_own_calls_are_no_vendor_calls(own_aws: Aws) -> None:
    """Nothing under /_sandbox is in the call log."""
    own_aws.edge()
    own_aws.acknowledge("FRA56-P1", 0)
    assert not own_aws.run.calls.exists()
