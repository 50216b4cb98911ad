"""The door: who calls, what is written down, what is not there, how it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import get_session

from sandbox.aws.caller import Caller, caller_of
from sandbox.aws.operations import OURS, is_mutating
from sandbox.clock import OffsetClock
from tests.sandbox.aws.conftest import Aws, code_of
from tests.sandbox.aws.declared import cache_policy


def test_any_key_is_a_callers_name(aws: Aws) -> None:
    """The access key id is recorded as the caller; the account is the sandbox's."""
    assert aws.client("sts", key="agent-eu").get_caller_identity()["Account"] == "123456789012"
    assert aws.calls()[-1]["caller"] == "agent-eu"


def test_an_assumed_role_is_named(aws: Aws) -> None:
    """Temporary credentials are recorded as the role's session."""
    role = "arn:aws:iam::123456789012:role/wedcache-agent"
    given = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="eu")["Credentials"]
    boto3.client(
        "cloudfront",
        endpoint_url=aws.url,
        region_name="us-east-1",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    ).list_distributions()
    assert "wedcache-agent/eu" in aws.calls()[-1]["caller"]


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("cloudfront", "list_distributions", "InvalidClientTokenId"),
        ("elasticache", "describe_replication_groups", "InvalidClientTokenId"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ],
)
def test_a_revoked_key_is_refused(aws: Aws, service: str, operation: str, code: str) -> None:
    """The access key id REVOKED is 403 everywhere."""
    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service, key="REVOKED"), operation)()
    assert code_of(refused) == (code, 403)


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("cloudfront", "list_vpc_origins", {}),
        ("elasticache", "describe_serverless_caches", {}),
        ("dynamodb", "list_contributor_insights", {}),
        ("arc-region-switch", "list_plans", {}),
    ],
)
def test_what_is_not_implemented_says_so(aws: Aws, service: str, operation: str, arguments: dict[str, object]) -> None:
    """501 NotImplemented in the service's own envelope, readable for its SDK."""
    with pytest.raises(ClientError) as refused:
        getattr(aws.client(service), operation)(**arguments)
    assert code_of(refused) == ("NotImplemented", 501)


def test_a_refusal_is_recorded(aws: Aws) -> None:
    """The call log has the code and status of a refusal, and the calendar's time."""
    with pytest.raises(ClientError):
        aws.client("cloudfront").get_distribution(Id="ENONE")
    call = aws.calls()[-1]
    assert (call["operation"], call["status"], call["answer"]) == (
        "GetDistribution",
        404,
        {"code": "NoSuchDistribution"},
    )
    assert call["parameters"] == {"Id": "ENONE"}
    assert not call["mutating"]


def test_times_follow_the_calendar(own_aws: Aws) -> None:
    """LastModifiedTime and the call log show the sandbox's clock after a jump, at once."""
    cloudfront = own_aws.client("cloudfront")
    OffsetClock(own_aws.run.clock).set(datetime(2027, 6, 12, 10, tzinfo=UTC))
    made = cloudfront.create_cache_policy(CachePolicyConfig=cache_policy("june"))["CachePolicy"]
    assert abs(made["LastModifiedTime"] - datetime(2027, 6, 12, 10, tzinfo=UTC)) < timedelta(minutes=1)
    assert own_aws.calls()[-1]["at"].startswith("2027-06-12T10:0")


def test_raw_requests_are_held_to_the_model(aws: Aws) -> None:
    """What an SDK would not send is refused too: an empty body, a missing member, a body that is no XML."""
    authorization = "AWS4-HMAC-SHA256 Credential=raw/20270612/us-east-1/cloudfront/aws4_request, Signature=0"
    for body, expected in (
        (b"", "MissingBody"),
        (b"<CachePolicyConfig><Name>bare</Name></CachePolicyConfig>", "InvalidArgument"),
        (b"<CachePolicyConfig><MinTTL>soon</MinTTL></CachePolicyConfig>", "MalformedXML"),
        (b"not xml", "MalformedXML"),
    ):
        request = urllib.request.Request(
            f"{aws.url}/2020-05-31/cache-policy", data=body, headers={"Authorization": authorization}
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=30)
        text = refused.value.read().decode()
        refused.value.close()
        assert refused.value.code == 400
        assert f"<Code>{expected}</Code>" in text


def test_unsigned_management_calls_are_refused(aws: Aws) -> None:
    """A request without a signature changes nothing."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(f"{aws.url}/some-bucket", method="PUT"), timeout=30)
    refused.value.close()
    assert refused.value.code == 403


@pytest.mark.parametrize(
    ("header", "caller"),
    [
        ("AWS4-HMAC-SHA256 Credential=k/20270612/eu-west-1/s3/aws4_request, X", Caller("k", "eu-west-1", "s3")),
        (
            "AWS4-ECDSA-P256-SHA256 Credential=k/20270612/cloudfront-keyvaluestore/aws4_request, X",
            Caller("k", "*", "cloudfront-keyvaluestore"),
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/20270612/eu-west-1/monitoring/aws4_request",
            Caller("a/b", "eu-west-1", "cloudwatch"),
        ),
        ("Bearer token", None),
        (None, None),
    ],
)
def test_callers_are_read_from_the_scope(header: str | None, caller: Caller | None) -> None:
    """SigV4 names a region, SigV4A none; anything else is unsigned."""
    assert caller_of(header) == caller


def test_every_call_of_ours_is_one_of_awss() -> None:
    """Each row of the table names an operation of botocore's model; reads and writes are told apart by name."""
    session = get_session()
    known = {service: session.get_service_model(service).operation_names for service, _ in OURS}
    for service, operation in OURS:
        assert operation in known[service]
    assert is_mutating("CreateInvalidation")
    assert is_mutating("TagResource")
    assert is_mutating("DeleteKey")
    assert not is_mutating("DescribeReplicationGroups")
    assert not is_mutating("GetKey")


def test_it_starts_leaves_and_keeps_its_noise(tmp_path: Path) -> None:
    """One line on stdout when ready, nothing on stderr, gone at SIGTERM with a connection open."""
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.aws", "--run", str(tmp_path), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = process.stdout.readline().split()[1]
    sts = boto3.client(
        "sts",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="k",
        aws_secret_access_key="s",
        config=Config(retries={"max_attempts": 0}),
    )
    sts.get_caller_identity()
    process.terminate()
    out, errors = process.communicate(timeout=120)
    assert (process.returncode, out, errors) == (0, "", "")
    assert (tmp_path / "logs" / "aws.log").exists()
    [line] = (tmp_path / "calls.jsonl").read_text().splitlines()
    assert json.loads(line)["operation"] == "GetCallerIdentity"
