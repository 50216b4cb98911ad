"""CloudFront's three kinds of policy: cache, origin request, response headers.

Source of facts: botocore's CloudFront model; force-new and defaults from terraform-provider-aws' documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import from_api, to_api

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
        config = to_api(load(self.token).inputs, inputs)
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
        live = from_api(load(self.token).inputs, answer[self.noun][f"{self.noun}Config"])
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
_NONE = {"parametersInCacheKeyAndForwardedToOrigin.headersConfig.headerBehavior": "none"}
# Terraform's documented defaults of aws_cloudfront_cache_policy.
_TTLS = {"minTtl": 0, "defaultTtl": 86400, "maxTtl": 31536000}


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
)
