"""S3 is moto's; the shared store needs its conditional writes to be AWS's, also when many write at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.clock import OffsetClock
from tests.sandbox.aws.conftest import Aws, code_of

Fresh = Callable[[str], str]


@pytest.fixture(scope="module")
def s3(aws: Aws) -> Any:
    """S3 in eu-central-1."""
    return aws.client("s3")


@pytest.fixture
def bucket(s3: Any, fresh: Fresh) -> str:
    """A fresh bucket in eu-central-1."""
    name = fresh("bucket")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return name


def test_conditional_writes(s3: Any, bucket: str) -> None:
    """`If-None-Match: *` creates once; `If-Match` replaces exactly the version that was read."""
    first = s3.put_object(Bucket=bucket, Key="intent/1", Body=b"one", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError) as taken:
        s3.put_object(Bucket=bucket, Key="intent/1", Body=b"other", IfNoneMatch="*")
    assert code_of(taken) == ("PreconditionFailed", 412)
    second = s3.put_object(Bucket=bucket, Key="intent/1", Body=b"two", IfMatch=first)["ETag"]
    assert second != first
    with pytest.raises(ClientError) as stale:
        s3.put_object(Bucket=bucket, Key="intent/1", Body=b"three", IfMatch=first)
    assert code_of(stale) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as absent:
        s3.put_object(Bucket=bucket, Key="intent/none", Body=b"x", IfMatch=first)
    assert code_of(absent) == ("NoSuchKey", 404)
    assert s3.get_object(Bucket=bucket, Key="intent/1")["Body"].read() == b"two"


def test_of_many_writers_at_once_one_wins(aws: Aws, s3: Any, bucket: str) -> None:
    """Sixteen conditional creations at once: exactly one is accepted, and its body is what is kept."""

    def write(number: int) -> int | None:
        try:
            aws.client("s3").put_object(Bucket=bucket, Key="lease", Body=str(number).encode(), IfNoneMatch="*")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "PreconditionFailed"
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        winners = [number for number in pool.map(write, range(16)) if number is not None]
    assert len(winners) == 1
    assert s3.get_object(Bucket=bucket, Key="lease")["Body"].read() == str(winners[0]).encode()


def test_what_is_declared_of_a_bucket(s3: Any, bucket: str) -> None:
    """Versioning, public access block and encryption are kept."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
    rules = [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"] == rules


def test_large_bodies_and_listing(s3: Any, bucket: str) -> None:
    """A photo's bytes come back as they were; keys are listed in order."""
    photo = bytes(range(256)) * 4096
    s3.put_object(Bucket=bucket, Key="photos/b c+ü.jpg", Body=photo, ContentType="image/jpeg")
    s3.put_object(Bucket=bucket, Key="photos/a.jpg", Body=b"")
    assert s3.get_object(Bucket=bucket, Key="photos/b c+ü.jpg")["Body"].read() == photo
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]] == [
        "photos/a.jpg",
        "photos/b c+ü.jpg",
    ]


def test_calls_are_recorded_without_bodies(aws: Aws, s3: Any, bucket: str) -> None:
    """The call log has bucket, key and condition of a write, and whether it was accepted."""
    s3.put_object(Bucket=bucket, Key="k", Body=b"not to be logged", IfNoneMatch="*")
    call = aws.calls()[-1]
    assert (call["service"], call["operation"], call["mutating"]) == ("s3", "PutObject", True)
    assert call["parameters"] == {"Bucket": bucket, "Key": "k", "If-None-Match": "*"}
    assert "not to be logged" not in aws.run.calls.read_text()


def _versions(s3: Any, bucket: str) -> list[tuple[str, str, bool]]:
    listed = s3.list_object_versions(Bucket=bucket)
    rows = [(row["Key"], row["VersionId"], False) for row in listed.get("Versions", ())]
    return rows + [(row["Key"], row["VersionId"], True) for row in listed.get("DeleteMarkers", ())]


def test_suspended_versioning_keeps_versions(s3: Any, bucket: str) -> None:
    """A write or a delete in a suspended bucket replaces the version `null` alone; older versions stay readable."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key="page", Body=b"one")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_object(Bucket=bucket, Key="page", Body=b"two")
    s3.put_object(Bucket=bucket, Key="page", Body=b"three")
    assert sorted(_versions(s3, bucket)) == sorted([("page", first, False), ("page", "null", False)])
    assert s3.get_object(Bucket=bucket, Key="page")["Body"].read() == b"three"
    assert s3.get_object(Bucket=bucket, Key="page", VersionId=first)["Body"].read() == b"one"
    deleted = s3.delete_object(Bucket=bucket, Key="page")
    assert (deleted["VersionId"], deleted["DeleteMarker"]) == ("null", True)
    assert sorted(_versions(s3, bucket)) == sorted([("page", first, False), ("page", "null", True)])
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"


def test_a_suspended_bucket_is_emptied_by_its_version_ids(s3: Any, bucket: str) -> None:
    """As Terraform's force_destroy does: suspend, then delete every version and marker by id, then the bucket."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket=bucket, Key="page", Body=body)
    s3.delete_object(Bucket=bucket, Key="page")
    s3.put_object(Bucket=bucket, Key="other", Body=b"x")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_object(Bucket=bucket, Key="other")
    found = [{"Key": key, "VersionId": version} for key, version, _ in _versions(s3, bucket)]
    assert len(found) == 5
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": found})
    assert not answer.get("Errors")
    assert _versions(s3, bucket) == []
    s3.delete_bucket(Bucket=bucket)


def test_dates_follow_the_sandboxes_calendar(own_aws: Aws) -> None:
    """Date and Last-Modified are the calendar's, before and after a jump: an object ages by what the calendar jumps."""
    clock = OffsetClock(own_aws.run.clock)
    clock.set(datetime(2027, 6, 12, 10, tzinfo=UTC))
    client = own_aws.client("s3")
    client.create_bucket(Bucket="dated", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.put_object(Bucket="dated", Key="mark", Body=b"one")
    for hours in (0, 1):
        clock.advance(3600 * hours)
        answer = client.list_objects_v2(Bucket="dated")
        date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        aged = date - answer["Contents"][0]["LastModified"]
        assert timedelta(hours=hours) <= aged < timedelta(hours=hours, minutes=5)
        assert date.year == 2027
