"""The freeze on the vendor's clock: an IAM deny refuses changes in a platform-wide window, with AWS's own words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from controlplane.domain.vendor_lock import MOST_CHARACTERS, MOST_WINDOWS, deny_document, policy_text
from sandbox.clock import OffsetClock
from tests.domain.calendars import calendar
from tests.sandbox.aws.conftest import Aws, code_of

START, END = datetime(2027, 6, 11, 12, tzinfo=UTC), datetime(2027, 6, 13, 12, tzinfo=UTC)
WINDOW = {"id": "cutover", "start": "2027-06-11T12:00:00Z", "end": "2027-06-13T12:00:00Z"}
SECOND = timedelta(seconds=1)
Client = Callable[[str], Any]


def test_the_document_has_the_next_windows_and_fits() -> None:
    """Windows that ended are left out, those that touch are one, as many as fit are in it, none is one that is past."""
    assert [row["Condition"] for row in deny_document(calendar(windows=[WINDOW]), START)["Statement"]] == [
        {
            "DateGreaterThanEquals": {"aws:CurrentTime": "2027-06-11T12:00:00Z"},
            "DateLessThan": {"aws:CurrentTime": "2027-06-13T12:00:00Z"},
        }
    ]
    (past,) = deny_document(calendar(windows=[WINDOW]), END)["Statement"]
    assert past["Condition"]["DateLessThan"] == past["Condition"]["DateGreaterThanEquals"]
    days = [START + timedelta(days=2 * number) for number in range(40)]
    rows = [{"id": f"w{n}", "start": day.isoformat(), "end": (day + SECOND).isoformat()} for n, day in enumerate(days)]
    many = deny_document(calendar(windows=rows), days[5])
    assert len(many["Statement"]) == MOST_WINDOWS
    assert many["Statement"][0]["Condition"]["DateGreaterThanEquals"]["aws:CurrentTime"].startswith("2027-06-21")
    assert len(policy_text(many)) <= MOST_CHARACTERS


def clients(aws: Aws, key: dict[str, str]) -> Client:
    """Clients with a user's or a session's key."""

    def made(service: str) -> Any:
        token = key.get("SessionToken")
        return boto3.client(
            service,
            endpoint_url=aws.url,
            region_name="eu-central-1",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=token,
        )

    return made


@pytest.fixture
def locked(own_aws: Aws) -> dict[str, Client]:
    """A user, a member of a group and a session of a role, each under the lock; and a user under none."""
    iam, text = own_aws.client("iam"), json.dumps(deny_document(calendar(windows=[WINDOW]), START))
    arn = iam.create_policy(PolicyName="freeze", PolicyDocument=text)["Policy"]["Arn"]
    iam.create_group(GroupName="people")
    iam.put_group_policy(GroupName="people", PolicyName="freeze", PolicyDocument=text)
    found: dict[str, Client] = {}
    for name in ("ci", "lena", "free"):
        iam.create_user(UserName=name)
        found[name] = clients(own_aws, iam.create_access_key(UserName=name)["AccessKey"])
    iam.attach_user_policy(UserName="ci", PolicyArn=arn)
    iam.add_user_to_group(GroupName="people", UserName="lena")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    role = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_role_policy(RoleName="deployer", PolicyArn=arn)
    session = own_aws.client("sts").assume_role(RoleArn=role, RoleSessionName="run")["Credentials"]
    found["deployer"] = clients(own_aws, session)
    return found


def test_changes_are_denied_by_the_clock_alone(own_aws: Aws, locked: dict[str, Client]) -> None:
    """From the window's first instant to its last, for users, groups and roles; reads and data go on, and others."""
    clock = OffsetClock(own_aws.run.clock)
    own_aws.client("s3").create_bucket(
        Bucket="dated-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )

    def change(name: str) -> str:
        try:
            locked[name]("s3").put_bucket_versioning(
                Bucket="dated-bucket", VersioningConfiguration={"Status": "Enabled"}
            )
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "done"

    for at, expected in ((START - SECOND * 30, "done"), (START, "AccessDenied"), (END - SECOND * 30, "AccessDenied")):
        clock.set(at)
        assert {name: change(name) for name in ("ci", "lena", "deployer")} == dict.fromkeys(
            ("ci", "lena", "deployer"), expected
        )
        assert change("free") == "done"
    locked["ci"]("s3").put_object(Bucket="dated-bucket", Key="k", Body=b"data goes on")
    locked["ci"]("cloudfront").list_distributions()
    with pytest.raises(ClientError) as refused:
        locked["ci"]("cloudfront").delete_distribution(Id="E1", IfMatch="x")
    assert code_of(refused) == ("AccessDenied", 403)
    assert refused.value.response["Error"]["Message"] == (
        "User: arn:aws:iam::123456789012:user/ci is not authorized to perform: cloudfront:DeleteDistribution"
        " with an explicit deny in an identity-based policy"
    )
    with pytest.raises(ClientError) as role:
        locked["deployer"]("elasticache").delete_replication_group(ReplicationGroupId="g")
    assert "assumed-role/deployer/run is not authorized to perform: elasticache:Delete" in str(role.value)
    clock.set(END)
    assert change("ci") == "done"
