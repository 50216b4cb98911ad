"""CloudFront functions and key value stores, control side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import Aws, code_of, until
from tests.sandbox.aws.declared import OPTIMIZED, behavior, distribution, listed

Fresh = Callable[[str], str]
CODE = b"import cf from 'cloudfront'; async function handler(event) { return event.request; }"


def ready_store(cloudfront: Any, name: str) -> str:
    """Make a store and wait until it is READY; returns its ARN."""
    arn = cloudfront.create_key_value_store(Name=name, Comment="edge")["KeyValueStore"]["ARN"]
    until(lambda: cloudfront.describe_key_value_store(Name=name)["KeyValueStore"]["Status"] == "READY")
    return str(arn)


def config(*stores: str, runtime: str = "cloudfront-js-2.0") -> dict[str, Any]:
    """A FunctionConfig with associated stores."""
    associations = listed(*({"KeyValueStoreARN": arn} for arn in stores))
    return {"Comment": "freeze", "Runtime": runtime, "KeyValueStoreAssociations": associations}


def test_a_function_is_written_then_published(aws: Aws, cloudfront: Any, fresh: Fresh) -> None:
    """LIVE exists from the first publication on, keeps the published code, and is what POPs get."""
    name = fresh("edge")
    store = ready_store(cloudfront, fresh("store"))
    made = cloudfront.create_function(Name=name, FunctionConfig=config(store), FunctionCode=CODE)
    assert made["FunctionSummary"]["Status"] == "UNPUBLISHED"
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    with pytest.raises(ClientError) as unpublished:
        cloudfront.describe_function(Name=name, Stage="LIVE")
    assert code_of(unpublished) == ("NoSuchFunctionExists", 404)
    snapshot = aws.edge()
    assert snapshot is not None
    assert arn not in snapshot["functions"]
    live = cloudfront.publish_function(Name=name, IfMatch=made["ETag"])["FunctionSummary"]
    assert live["FunctionMetadata"]["Stage"] == "LIVE"
    changed = cloudfront.update_function(
        Name=name, IfMatch=made["ETag"], FunctionConfig=config(store), FunctionCode=CODE + b" // second"
    )
    assert cloudfront.get_function(Name=name, Stage="LIVE")["FunctionCode"].read() == CODE
    assert cloudfront.get_function(Name=name)["FunctionCode"].read() == CODE + b" // second"
    snapshot = aws.edge()
    assert snapshot is not None
    assert snapshot["functions"][arn] == {"code": CODE.decode(), "runtime": "cloudfront-js-2.0", "kvs": [store]}
    with pytest.raises(ClientError) as stale:
        cloudfront.publish_function(Name=name, IfMatch=made["ETag"])
    assert code_of(stale) == ("PreconditionFailed", 412)
    cloudfront.publish_function(Name=name, IfMatch=changed["ETag"])
    assert name in [item["Name"] for item in cloudfront.list_functions(Stage="LIVE")["FunctionList"]["Items"]]


def test_what_is_in_use_cannot_be_deleted(cloudfront: Any, fresh: Fresh) -> None:
    """A function in a distribution, and a store in a function, stay until they are let go."""
    name, store_name = fresh("edge"), fresh("store")
    store = ready_store(cloudfront, store_name)
    made = cloudfront.create_function(Name=name, FunctionConfig=config(store), FunctionCode=CODE)
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    used = behavior(OPTIMIZED, FunctionAssociations=listed({"EventType": "viewer-request", "FunctionARN": arn}))
    declared = distribution(fresh("ref"), OPTIMIZED, DefaultCacheBehavior=used)
    with pytest.raises(ClientError) as unpublished:
        cloudfront.create_distribution(DistributionConfig=declared)
    assert code_of(unpublished) == ("InvalidFunctionAssociation", 400)
    cloudfront.publish_function(Name=name, IfMatch=made["ETag"])
    kept = cloudfront.create_distribution(DistributionConfig=declared)
    with pytest.raises(ClientError) as function_used:
        cloudfront.delete_function(Name=name, IfMatch=made["ETag"])
    assert code_of(function_used) == ("FunctionInUse", 409)
    etag = cloudfront.describe_key_value_store(Name=store_name)["ETag"]
    with pytest.raises(ClientError) as store_used:
        cloudfront.delete_key_value_store(Name=store_name, IfMatch=etag)
    assert code_of(store_used) == ("CannotDeleteEntityWhileInUse", 409)
    without = {**declared, "DefaultCacheBehavior": behavior(OPTIMIZED)}
    cloudfront.update_distribution(Id=kept["Distribution"]["Id"], IfMatch=kept["ETag"], DistributionConfig=without)
    cloudfront.delete_function(Name=name, IfMatch=made["ETag"])
    cloudfront.delete_key_value_store(Name=store_name, IfMatch=etag)


def test_a_function_that_cannot_be_is_refused(cloudfront: Any, fresh: Fresh) -> None:
    """Too much code, two stores, a store in the old runtime, an unknown store and a taken name are refused."""
    store, other = ready_store(cloudfront, fresh("store")), ready_store(cloudfront, fresh("store"))
    name = fresh("edge")
    cloudfront.create_function(Name=name, FunctionConfig=config(), FunctionCode=CODE)
    nowhere = store[:-4] + "0000"
    for wrong_name, wrong, code, expected in (
        (fresh("edge"), config(), b"x" * 10241, ("FunctionSizeLimitExceeded", 413)),
        (fresh("edge"), config(store, other), CODE, ("InvalidArgument", 400)),
        (fresh("edge"), config(store, runtime="cloudfront-js-1.0"), CODE, ("InvalidArgument", 400)),
        (fresh("edge"), config(nowhere), CODE, ("InvalidArgument", 400)),
        (fresh("edge"), config(runtime="cloudfront-js-9.0"), CODE, ("MalformedXML", 400)),
        (name, config(), CODE, ("FunctionAlreadyExists", 409)),
    ):
        with pytest.raises(ClientError) as refused:
            cloudfront.create_function(Name=wrong_name, FunctionConfig=wrong, FunctionCode=code)
        assert code_of(refused) == expected


def test_a_store_is_provisioned_then_ready(cloudfront: Any, fresh: Fresh) -> None:
    """PROVISIONING first; the comment changes under If-Match; names are unique; gone is EntityNotFound."""
    name = fresh("store")
    made = cloudfront.create_key_value_store(Name=name)
    assert made["KeyValueStore"]["Status"] == "PROVISIONING"
    until(lambda: cloudfront.describe_key_value_store(Name=name)["KeyValueStore"]["Status"] == "READY")
    changed = cloudfront.update_key_value_store(Name=name, Comment="second", IfMatch=made["ETag"])
    assert changed["KeyValueStore"]["Comment"] == "second"
    with pytest.raises(ClientError) as stale:
        cloudfront.delete_key_value_store(Name=name, IfMatch=made["ETag"])
    assert code_of(stale) == ("PreconditionFailed", 412)
    with pytest.raises(ClientError) as twice:
        cloudfront.create_key_value_store(Name=name)
    assert code_of(twice) == ("EntityAlreadyExists", 409)
    listing = cloudfront.list_key_value_stores(Status="READY")["KeyValueStoreList"]["Items"]
    assert name in [item["Name"] for item in listing]
    cloudfront.delete_key_value_store(Name=name, IfMatch=changed["ETag"])
    with pytest.raises(ClientError) as gone:
        cloudfront.describe_key_value_store(Name=name)
    assert code_of(gone) == ("EntityNotFound", 404)
