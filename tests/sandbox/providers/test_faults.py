"""When the vendors are busy, silent, or changed by somebody else."""

from __future__ import annotations

import uuid

import grpc
import pytest
from google.rpc import status_pb2
from pulumi.runtime.proto import provider_pb2

from sandbox.providers.values import encode
from tests.sandbox.providers.conftest import Cloud
from tests.sandbox.providers.declared import CASES, NONE_KEY, Case, distribution
from tests.sandbox.providers.engine import Resource
from tests.sandbox.providers.test_lifecycle import account_of

POLICY = "aws:cloudfront/cachePolicy:CachePolicy"
STORE = "aws:cloudfront/keyValueStore:KeyValueStore"
DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
POOL = "cloudflare:index/loadBalancerPool:LoadBalancerPool"
CREATED_BY = {
    "CachePolicy": "CreateCachePolicy",
    "OriginRequestPolicy": "CreateOriginRequestPolicy",
    "ResponseHeadersPolicy": "CreateResponseHeadersPolicy",
    "Function": "CreateFunction",
    "KeyValueStore": "CreateKeyValueStore",
    "ParameterGroup": "CreateCacheParameterGroup",
    "ReplicationGroup": "CreateReplicationGroup",
    "Bucket": "CreateBucket",
}


def label() -> str:
    return f"fault-{uuid.uuid4().hex[:6]}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.token.rsplit(":", 1)[1])
def test_a_lost_answer_leaves_exactly_one(cloud: Cloud, case: Case) -> None:
    """The vendor made it and its answer never came: the resource is found, not made twice."""
    token = case.token
    engine = cloud.engine(token)
    vendor = token.split(":", 1)[0]
    declared = {**case.declared, **account_of(cloud, token)}
    short = token.rsplit(":", 1)[1]
    if short in ("Zone", "LoadBalancerPool"):
        declared["name"] = f"{label()}.example" if short == "Zone" else label()
    before = len(cloud.calls(CREATED_BY[short])) if short in CREATED_BY else 0
    cloud.faults.inject("answer-lost", vendor)
    made = engine.create(token, label(), declared)
    assert not cloud.faults.active("answer-lost", vendor), "the fault has struck"
    if short in CREATED_BY:
        assert len(cloud.calls(CREATED_BY[short])) == before + 1
    assert engine.read(made) is not None
    engine.delete(made)


def test_a_distribution_whose_answer_was_lost_is_found_by_its_caller_reference(cloud: Cloud) -> None:
    """Distributions have no name: the reference, the same over the retries of one create, is their mark."""
    policy = cloud.aws.create(POLICY, label(), {"parametersInCacheKeyAndForwardedToOrigin": NONE_KEY})
    cloud.faults.inject("answer-lost", "aws")
    made = cloud.aws.create(DISTRIBUTION, label(), distribution(policy.identity))
    listed = cloud.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    assert [one["Id"] for one in listed] == [made.identity]
    cloud.aws.delete(made)
    cloud.aws.delete(policy)


@pytest.mark.parametrize(("fault", "code"), [("api-503", "ServiceUnavailable"), ("api-429", "Throttling")])
def test_a_busy_vendor_is_asked_again_and_then_named(cloud: Cloud, fault: str, code: str) -> None:
    """Five tries, then the vendor's own words; nothing was made."""
    cloud.faults.inject(fault, "aws")
    with pytest.raises(grpc.RpcError) as failed:
        cloud.aws.create(STORE, label(), {})
    assert code in str(failed.value.details())
    tries = [call for call in cloud.calls("CreateKeyValueStore") if call["status"] in (400, 429, 503)]
    assert len(tries) >= 5


def test_a_vendor_that_recovers_in_time_is_not_mentioned(cloud: Cloud) -> None:
    """503 that ends within the back-off costs time only."""
    import threading

    cloud.faults.inject("api-503", "cloudflare")
    healing = threading.Timer(0.3, cloud.faults.heal)
    healing.start()
    declared = {"accountId": cloud.account, "name": label(), "origins": [{"name": "o", "address": "192.0.2.1"}]}
    made = cloud.cloudflare.create(POOL, label(), declared)
    healing.join()
    cloud.cloudflare.delete(made)


def test_a_vendors_refusal_arrives_in_its_own_words(cloud: Cloud) -> None:
    """A name that is taken is AWS's error code and message, with the resource's name."""
    declared = {"name": label(), "parametersInCacheKeyAndForwardedToOrigin": NONE_KEY}
    made = cloud.aws.create(POLICY, "first", declared)
    with pytest.raises(grpc.RpcError) as failed:
        cloud.aws.create(POLICY, "second", declared)
    assert str(failed.value.details()).startswith("create of second: AWS CreateCachePolicy: CachePolicyAlreadyExists")
    cloud.aws.delete(made)


def test_what_exists_but_is_not_ready_is_remembered(cloud: Cloud) -> None:
    """The group was made and its parameters were refused: the engine learns the id and the reason."""
    token = "aws:elasticache/parameterGroup:ParameterGroup"
    resource = Resource(token, label())
    wrong = {"family": "valkey9", "parameters": [{"name": "no-such-parameter", "value": "1"}]}
    inputs = cloud.aws.check(resource, wrong)
    with pytest.raises(grpc.RpcError) as failed:
        cloud.aws.stub.Create(provider_pb2.CreateRequest(urn=resource.urn, properties=encode(inputs)))
    trailing = failed.value.trailing_metadata() or ()
    details = next(one.value for one in trailing if one.key == "grpc-status-details-bin")
    partly = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(bytes(details)).details[0].Unpack(partly)
    assert partly.id == inputs["name"]
    assert "no-such-parameter" in partly.reasons[0]
    resource.identity, resource.inputs = partly.id, inputs
    cloud.aws.delete(resource)


def test_drift_shows_in_what_was_declared_and_in_what_was_not(cloud: Cloud) -> None:
    """Somebody drained a pool and described it: both show, and the next diff puts them back."""
    declared = {"accountId": cloud.account, "name": label(), "origins": [{"name": "o", "address": "192.0.2.1"}]}
    made = cloud.cloudflare.create(POOL, label(), declared)
    path = f"/accounts/{cloud.account}/load_balancers/pools/{made.identity}"
    body = {"enabled": False, "description": "by hand"}
    cloud.servers.providers["cloudflare"].vendors.cloudflare.patch(path, body=body, cast_to=object)
    seen = cloud.cloudflare.read(made)
    assert seen is not None
    assert seen.inputs == {**made.inputs, **body}
    answer = cloud.cloudflare.diff(seen, cloud.cloudflare.check(seen, declared))
    assert sorted(answer.diffs) == ["description", "enabled"]
    cloud.cloudflare.delete(seen)


def test_drift_of_a_distribution_shows_where_it_lies(cloud: Cloud) -> None:
    """A comment and an origin's time-out changed by somebody else: exactly these two differ after a refresh."""
    policy = cloud.aws.create(POLICY, label(), {"parametersInCacheKeyAndForwardedToOrigin": NONE_KEY})
    declared = distribution(policy.identity)
    made = cloud.aws.create(DISTRIBUTION, label(), declared)
    client = cloud.client("cloudfront")
    live = client.get_distribution_config(Id=made.identity)
    config = live["DistributionConfig"]
    config["Comment"] = "by hand"
    slow = next(origin for origin in config["Origins"]["Items"] if origin["Id"] == "eu-central-1")
    slow["CustomOriginConfig"]["OriginReadTimeout"] = 30
    client.update_distribution(Id=made.identity, IfMatch=live["ETag"], DistributionConfig=config)
    seen = cloud.aws.read(made)
    assert seen is not None
    answer = cloud.aws.diff(seen, cloud.aws.check(seen, declared))
    assert sorted(answer.detailedDiff) == ["comment", "origins[1].customOriginConfig.originReadTimeout"]
    repaired = cloud.aws.update(seen, declared)
    assert client.get_distribution_config(Id=made.identity)["DistributionConfig"]["Comment"] == "wedding"
    cloud.aws.delete(repaired)
    cloud.aws.delete(policy)


def test_the_callers_are_seen_by_the_outside_witness(cloud: Cloud) -> None:
    """Calls carry the configured access key, so that the call log tells infra from the control plane."""
    made = cloud.aws.create(STORE, label(), {})
    assert cloud.calls("CreateKeyValueStore")[-1]["caller"] == "pulumi-sandbox"
    cloud.aws.delete(made)
