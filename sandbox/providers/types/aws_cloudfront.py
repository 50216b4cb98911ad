"""CloudFront functions and key value stores.

Source of facts: botocore's CloudFront model; force-new from terraform-provider-aws' documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import from_api, to_api
from sandbox.providers.types.aws_tags import cloudfront_tags, sync_cloudfront_tags
from sandbox.providers.waiting import wait_until

FUNCTION = "aws:cloudfront/function:Function"
STORE = "aws:cloudfront/keyValueStore:KeyValueStore"
SETS = frozenset({"keyValueStoreAssociations"})

# Functions -----------------------------------------------------------------------------------------------------------


def _function_config(inputs: Mapping[str, Any]) -> dict[str, Any]:
    config = {"Comment": "", **to_api(load(FUNCTION).inputs, inputs)}
    stores = [{"KeyValueStoreARN": arn} for arn in inputs.get("keyValueStoreAssociations", [])]
    config["KeyValueStoreAssociations"] = {"Quantity": len(stores), "Items": stores}
    return config


def _create_function(ask: Ask) -> str:
    name = ask.inputs["name"]
    ask.vendors.aws("cloudfront").create_function(
        Name=name, FunctionConfig=_function_config(ask.inputs), FunctionCode=ask.inputs["code"].encode()
    )
    return str(name)


def _find_function(ask: Ask) -> str | None:
    ask.vendors.aws("cloudfront").describe_function(Name=ask.inputs["name"])
    return str(ask.inputs["name"])


def _finish_function(ask: Ask, identity: str) -> None:
    """Tags, and the DEVELOPMENT stage published to LIVE unless `publish` is false."""
    client = ask.vendors.aws("cloudfront")
    described = client.describe_function(Name=identity, Stage="DEVELOPMENT")
    if ask.inputs.get("publish", True):
        client.publish_function(Name=identity, IfMatch=described["ETag"])
    sync_cloudfront_tags(ask, described["FunctionSummary"]["FunctionMetadata"]["FunctionARN"])


def _read_function(ask: Ask, identity: str) -> Properties:
    client = ask.vendors.aws("cloudfront")
    described = client.describe_function(Name=identity, Stage="DEVELOPMENT")
    summary = described["FunctionSummary"]
    config = summary["FunctionConfig"]
    arn = summary["FunctionMetadata"]["FunctionARN"]
    code = client.get_function(Name=identity, Stage="DEVELOPMENT")["FunctionCode"].read().decode()
    stores = config.get("KeyValueStoreAssociations", {}).get("Items", [])
    return {
        **from_api(load(FUNCTION).inputs, config),
        "name": identity,
        "code": code,
        "keyValueStoreAssociations": [store["KeyValueStoreARN"] for store in stores],
        "arn": arn,
        "etag": described["ETag"],
        "status": summary.get("Status", ""),
        "liveStageEtag": _live_etag(client, identity),
        **cloudfront_tags(ask, arn),
    }


def _live_etag(client: Any, name: str) -> str:
    try:
        return str(client.describe_function(Name=name, Stage="LIVE")["ETag"])
    except client.exceptions.NoSuchFunctionExists:
        return ""


def _update_function(ask: Ask, identity: str) -> None:
    client = ask.vendors.aws("cloudfront")
    etag = client.describe_function(Name=identity, Stage="DEVELOPMENT")["ETag"]
    client.update_function(
        Name=identity,
        IfMatch=etag,
        FunctionConfig=_function_config(ask.inputs),
        FunctionCode=ask.inputs["code"].encode(),
    )


def _delete_function(ask: Ask, identity: str) -> None:
    client = ask.vendors.aws("cloudfront")
    etag = client.describe_function(Name=identity, Stage="DEVELOPMENT")["ETag"]
    client.delete_function(Name=identity, IfMatch=etag)


# Key value stores ----------------------------------------------------------------------------------------------------


def _create_store(ask: Ask) -> str:
    comment = {"Comment": ask.inputs["comment"]} if "comment" in ask.inputs else {}
    ask.vendors.aws("cloudfront").create_key_value_store(Name=ask.inputs["name"], **comment)
    return str(ask.inputs["name"])


def _find_store(ask: Ask) -> str | None:
    ask.vendors.aws("cloudfront").describe_key_value_store(Name=ask.inputs["name"])
    return str(ask.inputs["name"])


def _finish_store(ask: Ask, identity: str) -> None:
    def described() -> Any:
        return ask.vendors.aws("cloudfront").describe_key_value_store(Name=identity)["KeyValueStore"]

    store = wait_until(described, lambda store: store["Status"] == "READY", ask.timeout, f"store {identity} is READY")
    sync_cloudfront_tags(ask, store["ARN"])


def _read_store(ask: Ask, identity: str) -> Properties:
    answer = ask.vendors.aws("cloudfront").describe_key_value_store(Name=identity)
    store = answer["KeyValueStore"]
    modified = store.get("LastModifiedTime")
    return {
        "name": store["Name"],
        "comment": store.get("Comment", ""),
        "arn": store["ARN"],
        "etag": answer["ETag"],
        "lastModifiedTime": modified.isoformat() if modified else "",
        **cloudfront_tags(ask, store["ARN"]),
    }


def _update_store(ask: Ask, identity: str) -> None:
    client = ask.vendors.aws("cloudfront")
    etag = client.describe_key_value_store(Name=identity)["ETag"]
    client.update_key_value_store(Name=identity, IfMatch=etag, Comment=ask.inputs.get("comment", ""))


def _delete_store(ask: Ask, identity: str) -> None:
    client = ask.vendors.aws("cloudfront")
    etag = client.describe_key_value_store(Name=identity)["ETag"]
    client.delete_key_value_store(Name=identity, IfMatch=etag)


ROWS = (
    Type(
        token=FUNCTION,
        create=_create_function,
        find=_find_function,
        finish=_finish_function,
        read=_read_function,
        update=_update_function,
        delete=_delete_function,
        autoname="name",
        force_new=frozenset({"name"}),
        fill={"publish": True},
        rules=Rules(sets=SETS, unreadable=frozenset({"publish"})),
        volatile=frozenset({"etag", "liveStageEtag", "status"}),
    ),
    Type(
        token=STORE,
        create=_create_store,
        find=_find_store,
        finish=_finish_store,
        read=_read_store,
        update=_update_store,
        delete=_delete_store,
        autoname="name",
        force_new=frozenset({"name"}),
        rules=Rules(sets=SETS, unreadable=frozenset({"timeouts"})),
        volatile=frozenset({"etag", "lastModifiedTime"}),
    ),
)
