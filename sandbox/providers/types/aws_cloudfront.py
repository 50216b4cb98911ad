"""CloudFront's small types: three kinds of policy, functions and key value stores.

Source of facts: botocore's CloudFront model; force-new and defaults from terraform-provider-aws' documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.translate import from_api, to_api
from sandbox.providers.types.aws_tags import cloudfront_tags, sync_cloudfront_tags
from sandbox.providers.waiting import wait_until

SETS = frozenset(
    {
        "items",
        "keyValueStoreAssociations",
        "aliases",
        "allowedMethods",
        "cachedMethods",
        "origins",
        "customHeaders",
        "originSslProtocols",
        "customErrorResponses",
        "functionAssociations",
        "lambdaFunctionAssociations",
        "statusCodes",
        "originGroups",
        "locations",
        "headers",
        "queryStringCacheKeys",
        "whitelistedNames",
    }
)


@dataclass(frozen=True)
class _Policy:
    """One kind of policy: `verb` as boto3 spells it, `noun` as the API's structures are named."""

    token: str
    verb: str
    noun: str
    arn: str
    complete: Callable[[dict[str, Any]], None]

    def config(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        row = _SCHEMAS[self.token]()
        config = to_api(row, inputs)
        self.complete(config)
        return config

    def create(self, ask: Ask) -> str:
        call = getattr(ask.vendors.aws("cloudfront"), f"create_{self.verb}")
        return str(call(**{f"{self.noun}Config": self.config(ask.inputs)})[self.noun]["Id"])

    def find(self, ask: Ask) -> str | None:
        """The policy with our name among the account's own."""
        call = getattr(ask.vendors.aws("cloudfront"), f"list_{_plural(self.verb)}")
        marker: dict[str, str] = {}
        while True:
            page = call(Type="custom", **marker)[f"{self.noun}List"]
            for item in page.get("Items", []):
                if item[self.noun][f"{self.noun}Config"]["Name"] == ask.inputs["name"]:
                    return str(item[self.noun]["Id"])
            if not page.get("NextMarker"):
                return None
            marker = {"Marker": page["NextMarker"]}

    def read(self, ask: Ask, identity: str) -> Properties:
        answer = getattr(ask.vendors.aws("cloudfront"), f"get_{self.verb}")(Id=identity)
        live = from_api(_SCHEMAS[self.token](), answer[self.noun][f"{self.noun}Config"])
        account = ask.vendors.account
        return {**live, "etag": answer["ETag"], "arn": f"arn:aws:cloudfront::{account}:{self.arn}/{identity}"}

    def update(self, ask: Ask, identity: str) -> None:
        client = ask.vendors.aws("cloudfront")
        etag = getattr(client, f"get_{self.verb}")(Id=identity)["ETag"]
        config = {f"{self.noun}Config": self.config(ask.inputs)}
        getattr(client, f"update_{self.verb}")(Id=identity, IfMatch=etag, **config)

    def delete(self, ask: Ask, identity: str) -> None:
        client = ask.vendors.aws("cloudfront")
        etag = getattr(client, f"get_{self.verb}")(Id=identity)["ETag"]
        getattr(client, f"delete_{self.verb}")(Id=identity, IfMatch=etag)

    def row(self, rules: Rules, fill: Mapping[str, Any] | None = None) -> Type:
        return Type(
            token=self.token,
            create=self.create,
            find=self.find,
            read=self.read,
            update=self.update,
            delete=self.delete,
            autoname="name",
            name_limit=128,
            rules=rules,
            fill=fill or {},
            volatile=frozenset({"etag"}),
        )


def _plural(verb: str) -> str:
    return f"{verb[:-1]}ies"


def _inputs_of(token: str) -> Callable[[], dict[str, Any]]:
    from sandbox.providers.schema import load

    return lambda: load(token).inputs


def _complete_cache_policy(config: dict[str, Any]) -> None:
    """What the API demands and Terraform sends when it is not declared."""
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    key.setdefault("EnableAcceptEncodingGzip", False)
    key.setdefault("EnableAcceptEncodingBrotli", False)
    key["HeadersConfig"].setdefault("HeaderBehavior", "none")
    config.setdefault("MinTTL", 0)


def _complete_origin_request_policy(config: dict[str, Any]) -> None:
    config["HeadersConfig"].setdefault("HeaderBehavior", "none")


CACHE_POLICY = "aws:cloudfront/cachePolicy:CachePolicy"
ORIGIN_REQUEST_POLICY = "aws:cloudfront/originRequestPolicy:OriginRequestPolicy"
RESPONSE_HEADERS_POLICY = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
FUNCTION = "aws:cloudfront/function:Function"
STORE = "aws:cloudfront/keyValueStore:KeyValueStore"
_SCHEMAS = {
    token: _inputs_of(token) for token in (CACHE_POLICY, ORIGIN_REQUEST_POLICY, RESPONSE_HEADERS_POLICY, FUNCTION)
}
_NONE = {"parametersInCacheKeyAndForwardedToOrigin.headersConfig.headerBehavior": "none"}
# Terraform's documented defaults of aws_cloudfront_cache_policy.
_TTLS = {"minTtl": 0, "defaultTtl": 86400, "maxTtl": 31536000}


# Functions -----------------------------------------------------------------------------------------------------------


def _function_config(inputs: Mapping[str, Any]) -> dict[str, Any]:
    config = {"Comment": "", **to_api(_SCHEMAS[FUNCTION](), inputs)}
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
        **from_api(_SCHEMAS[FUNCTION](), config),
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
    _Policy(CACHE_POLICY, "cache_policy", "CachePolicy", "cache-policy", _complete_cache_policy).row(
        Rules(sets=SETS, defaults={**_NONE, **_TTLS}), fill=_TTLS
    ),
    _Policy(
        ORIGIN_REQUEST_POLICY,
        "origin_request_policy",
        "OriginRequestPolicy",
        "origin-request-policy",
        _complete_origin_request_policy,
    ).row(Rules(sets=SETS, defaults={"headersConfig.headerBehavior": "none"})),
    _Policy(
        RESPONSE_HEADERS_POLICY,
        "response_headers_policy",
        "ResponseHeadersPolicy",
        "response-headers-policy",
        lambda config: None,
    ).row(Rules(sets=SETS)),
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
