"""The faults that this emulator shows, and what they leave alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError, ReadTimeoutError

from tests.sandbox.aws.conftest import Aws, code_of
from tests.sandbox.aws.declared import cache_policy
from tests.sandbox.aws.test_functions import ready_store

Fresh = Callable[[str], str]
LOST = (ConnectionClosedError, EndpointConnectionError, ReadTimeoutError)


def bucket_in(aws: Aws, region: str, name: str) -> Any:
    """S3 of a region, with a bucket in it."""
    s3 = aws.client("s3", region)
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **where)
    return s3


@pytest.mark.parametrize(
    ("fault", "code", "pairs_code"),
    [
        ("api-503", ("ServiceUnavailable", 503), ("ServiceUnavailable", 503)),
        ("api-429", ("Throttling", 400), ("ThrottlingException", 429)),
    ],
)
def test_a_management_api_that_answers_no(
    healed: Aws, fresh: Fresh, fault: str, code: tuple[str, int], pairs_code: tuple[str, int]
) -> None:
    """Every management call is refused in its own envelope and changes nothing; S3's objects still answer."""
    cloudfront, name = healed.client("cloudfront"), fresh("bucket")
    s3, arn = bucket_in(healed, "eu-central-1", name), ready_store(cloudfront, fresh("store"))
    before = healed.edge()
    healed.faults.inject(fault, "aws")
    with pytest.raises(ClientError) as refused:
        cloudfront.create_cache_policy(CachePolicyConfig=cache_policy(fresh("policy")))
    assert code_of(refused) == code
    with pytest.raises(ClientError) as query:
        healed.client("elasticache").describe_replication_groups()
    assert code_of(query) == code
    with pytest.raises(ClientError) as pairs:
        healed.pairs().describe_key_value_store(KvsARN=arn)
    assert code_of(pairs) == pairs_code
    s3.put_object(Bucket=name, Key="intent", Body=b"x", IfNoneMatch="*")
    with pytest.raises(ClientError):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    healed.faults.heal()
    assert healed.edge() == before


def test_data_planes_outlive_the_management(healed: Aws, fresh: Fresh) -> None:
    """management-503: distributions cannot be asked for, the KeyValueStore's keys and S3's objects can."""
    cloudfront = healed.client("cloudfront")
    arn = ready_store(cloudfront, fresh("store"))
    healed.faults.inject("management-503", "aws")
    with pytest.raises(ClientError) as refused:
        cloudfront.list_distributions()
    assert code_of(refused) == ("ServiceUnavailable", 503)
    assert healed.pairs().list_keys(KvsARN=arn)["Items"] == []


def test_a_fault_of_the_other_vendor_is_none_here(healed: Aws) -> None:
    """A fault that targets cloudflare leaves AWS alone."""
    healed.faults.inject("api-503", "cloudflare")
    assert "DistributionList" in healed.client("cloudfront").list_distributions()


def test_a_lost_answer_was_carried_out_once(healed: Aws, fresh: Fresh) -> None:
    """The next mutating call is done but unanswered, reads are answered, and the call after it is answered."""
    cloudfront, name = healed.client("cloudfront"), fresh("lost")
    healed.faults.inject("answer-lost", "aws")
    cloudfront.list_cache_policies()
    with pytest.raises(LOST):
        cloudfront.create_cache_policy(CachePolicyConfig=cache_policy(name))
    policies = cloudfront.list_cache_policies(Type="custom")["CachePolicyList"]["Items"]
    assert name in [item["CachePolicy"]["CachePolicyConfig"]["Name"] for item in policies]
    with pytest.raises(ClientError) as again:
        cloudfront.create_cache_policy(CachePolicyConfig=cache_policy(name))
    assert code_of(again) == ("CachePolicyAlreadyExists", 409)
    [lost] = [call for call in healed.calls() if call["answer"].get("lost")]
    assert (lost["operation"], lost["status"]) == ("CreateCachePolicy", 201)


def test_a_stopped_region(healed: Aws, fresh: Fresh) -> None:
    """Buckets and ElastiCache of the region answer 503; other regions and CloudFront do not notice."""
    home, standby = fresh("home"), fresh("standby")
    s3 = bucket_in(healed, "eu-central-1", home)
    other = bucket_in(healed, "us-east-1", standby)
    healed.faults.inject("region-stopped", "eu-central-1")
    attempts: tuple[Callable[[], Any], ...] = (
        lambda: s3.put_object(Bucket=home, Key="k", Body=b"x"),
        lambda: s3.get_object(Bucket=home, Key="k"),
        lambda: other.list_objects_v2(Bucket=home),
    )
    for attempt in attempts:
        with pytest.raises(ClientError) as refused:
            attempt()
        assert code_of(refused) == ("SlowDown", 503)
    with pytest.raises(ClientError) as regional:
        healed.client("elasticache", "eu-central-1").describe_replication_groups()
    assert code_of(regional) == ("ServiceUnavailable", 503)
    other.put_object(Bucket=standby, Key="k", Body=b"x")
    healed.client("elasticache", "us-east-1").describe_replication_groups()
    healed.client("cloudfront").list_distributions()
    healed.faults.heal("region-stopped", "eu-central-1")
    s3.put_object(Bucket=home, Key="k", Body=b"x")
