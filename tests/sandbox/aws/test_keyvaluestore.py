"""The data plane of key value stores, through boto3 with SigV4A and the account id in the host name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import Aws, code_of
from tests.sandbox.aws.test_functions import ready_store

Fresh = Callable[[str], str]


@pytest.fixture
def arn(cloudfront: Any, fresh: Fresh) -> str:
    """An empty, ready store."""
    return ready_store(cloudfront, fresh("store"))


@pytest.fixture(scope="module")
def pairs(aws: Aws) -> Any:
    """The data plane's client."""
    return aws.pairs()


def test_pairs_are_written_read_listed_and_deleted(aws: Aws, pairs: Any, arn: str) -> None:
    """Every write returns the next ETag and the totals, and reaches the POPs' snapshot."""
    etag = pairs.describe_key_value_store(KvsARN=arn)["ETag"]
    put = pairs.put_key(KvsARN=arn, Key="freeze:como.weddings.example", Value='[[1,2,"r"]]', IfMatch=etag)
    assert put["ItemCount"] == 1
    assert put["TotalSizeInBytes"] == len("freeze:como.weddings.example") + len('[[1,2,"r"]]')
    assert pairs.get_key(KvsARN=arn, Key="freeze:como.weddings.example")["Value"] == '[[1,2,"r"]]'
    updated = pairs.update_keys(
        KvsARN=arn,
        IfMatch=put["ETag"],
        Puts=[{"Key": "route", "Value": "us-east-1.origin.weddings.example"}, {"Key": "a/b ~c", "Value": "ü"}],
        Deletes=[{"Key": "freeze:como.weddings.example"}],
    )
    assert [item["Key"] for item in pairs.list_keys(KvsARN=arn)["Items"]] == ["a/b ~c", "route"]
    assert pairs.get_key(KvsARN=arn, Key="a/b ~c")["Value"] == "ü"
    snapshot = aws.edge()
    assert snapshot is not None
    assert snapshot["kvs"][arn] == {"a/b ~c": "ü", "route": "us-east-1.origin.weddings.example"}
    pairs.delete_key(KvsARN=arn, Key="a/b ~c", IfMatch=updated["ETag"])
    with pytest.raises(ClientError) as gone:
        pairs.get_key(KvsARN=arn, Key="a/b ~c")
    assert code_of(gone) == ("ResourceNotFoundException", 404)


def test_writes_hold_to_this_services_etag(cloudfront: Any, pairs: Any, fresh: Fresh) -> None:
    """An old ETag, and CloudFront's own ETag of the same store, are a conflict and write nothing."""
    name = fresh("store")
    arn = ready_store(cloudfront, name)
    first = pairs.describe_key_value_store(KvsARN=arn)["ETag"]
    second = pairs.put_key(KvsARN=arn, Key="k", Value="1", IfMatch=first)["ETag"]
    others = cloudfront.describe_key_value_store(Name=name)["ETag"]
    for wrong in (first, others):
        with pytest.raises(ClientError) as conflict:
            pairs.put_key(KvsARN=arn, Key="k", Value="2", IfMatch=wrong)
        assert code_of(conflict) == ("ConflictException", 409)
    assert pairs.get_key(KvsARN=arn, Key="k")["Value"] == "1"
    assert pairs.describe_key_value_store(KvsARN=arn)["ETag"] == second


@pytest.mark.parametrize(
    ("puts", "code"),
    [
        ([("k" * 513, "v")], "ValidationException"),
        ([("k", "v" * 1025)], "ValidationException"),
        ([("ü" * 257, "v")], "ValidationException"),
        ([(f"k{number}", "v") for number in range(51)], "ValidationException"),
        ([("k", "1"), ("k", "2")], "ValidationException"),
        ([], "ValidationException"),
    ],
)
def test_limits_refuse_the_whole_request(pairs: Any, arn: str, puts: list[tuple[str, str]], code: str) -> None:
    """A key over 512 bytes, a value over 1 KB, 51 keys or a key named twice: nothing is written."""
    etag = pairs.describe_key_value_store(KvsARN=arn)["ETag"]
    with pytest.raises(ClientError) as refused:
        pairs.update_keys(KvsARN=arn, IfMatch=etag, Puts=[{"Key": key, "Value": value} for key, value in puts])
    assert code_of(refused) == (code, 400)
    assert pairs.describe_key_value_store(KvsARN=arn)["ItemCount"] == 0


def test_exactly_the_limits_are_taken(pairs: Any, arn: str) -> None:
    """512 bytes of key, 1 KB of value and 50 keys at once are allowed."""
    etag = pairs.describe_key_value_store(KvsARN=arn)["ETag"]
    puts = [{"Key": f"{number:02}".ljust(512, "k"), "Value": "v" * 1024} for number in range(50)]
    assert pairs.update_keys(KvsARN=arn, IfMatch=etag, Puts=puts)["TotalSizeInBytes"] == 50 * 1536


def test_lists_have_pages(pairs: Any, arn: str) -> None:
    """NextToken walks through all keys once."""
    etag = pairs.describe_key_value_store(KvsARN=arn)["ETag"]
    for start in (0, 50):
        puts = [{"Key": f"k{number:03}", "Value": "v"} for number in range(start, start + 50)]
        etag = pairs.update_keys(KvsARN=arn, IfMatch=etag, Puts=puts)["ETag"]
    walked = [
        item["Key"]
        for page in pairs.get_paginator("list_keys").paginate(KvsARN=arn, PaginationConfig={"PageSize": 30})
        for item in page["Items"]
    ]
    assert walked == [f"k{number:03}" for number in range(100)]


def test_a_store_that_is_not_there(pairs: Any, arn: str) -> None:
    """An unknown ARN is ResourceNotFoundException."""
    with pytest.raises(ClientError) as unknown:
        pairs.describe_key_value_store(KvsARN=arn[:-4] + "0000")
    assert code_of(unknown) == ("ResourceNotFoundException", 404)


def test_the_data_plane_is_in_the_call_log(aws: Aws, pairs: Any, arn: str) -> None:
    """Writes are recorded with their service, caller and parameters."""
    etag = pairs.describe_key_value_store(KvsARN=arn)["ETag"]
    pairs.put_key(KvsARN=arn, Key="route", Value="elsewhere", IfMatch=etag)
    call = aws.calls()[-1]
    assert (call["service"], call["operation"]) == ("cloudfront-keyvaluestore", "PutKey")
    assert (call["caller"], call["mutating"], call["status"]) == ("wedcache-ci", True, 200)
    assert call["parameters"]["Key"] == "route"
