"""Configurations of a distribution that AWS refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.declared import (
    CERTIFICATE,
    OPTIMIZED,
    behavior,
    distribution,
    listed,
    origin,
    origin_group,
)

Fresh = Callable[[str], str]
LEGACY: dict[str, Any] = {
    "TargetOriginId": "both",
    "ViewerProtocolPolicy": "https-only",
    "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "target that is no origin": (
        {"DefaultCacheBehavior": behavior(OPTIMIZED, TargetOriginId="nowhere")},
        "NoSuchOrigin",
    ),
    "group member that is no origin": (
        {"OriginGroups": listed(origin_group(503, members=("eu-central-1", "mars")))},
        "NoSuchOrigin",
    ),
    "failover on 418": ({"OriginGroups": listed(origin_group(418))}, "InvalidArgument"),
    "wrong quantity": ({"Aliases": {"Quantity": 2, "Items": ["a.weddings.example"]}}, "InconsistentQuantities"),
    "alias without certificate": ({"Aliases": listed("a.weddings.example")}, "InvalidViewerCertificate"),
    "certificate of another region": (
        {
            "Aliases": listed("a.weddings.example"),
            "ViewerCertificate": {
                **CERTIFICATE,
                "ACMCertificateArn": "arn:aws:acm:eu-west-1:123456789012:certificate/1",
            },
        },
        "InvalidViewerCertificate",
    ),
    "unknown enum": (
        {"DefaultCacheBehavior": behavior(OPTIMIZED, ViewerProtocolPolicy="https-onyl")},
        "MalformedXML",
    ),
    "policy and legacy TTL": ({"DefaultCacheBehavior": behavior(OPTIMIZED, MinTTL=0)}, "InvalidArgument"),
    "neither policy nor forwarded values": (
        {"DefaultCacheBehavior": {"TargetOriginId": "both", "ViewerProtocolPolicy": "https-only"}},
        "InvalidArgument",
    ),
    "legacy TTLs out of order": (
        {"DefaultCacheBehavior": {**LEGACY, "MinTTL": 60, "DefaultTTL": 30, "MaxTTL": 90}},
        "InvalidTTLOrder",
    ),
    "function that is not there": (
        {
            "DefaultCacheBehavior": behavior(
                OPTIMIZED,
                FunctionAssociations=listed(
                    {"EventType": "viewer-request", "FunctionARN": "arn:aws:cloudfront::123456789012:function/none"}
                ),
            )
        },
        "InvalidFunctionAssociation",
    ),
    "function on an origin event": (
        {
            "DefaultCacheBehavior": behavior(
                OPTIMIZED,
                FunctionAssociations=listed(
                    {"EventType": "origin-request", "FunctionARN": "arn:aws:cloudfront::123456789012:function/none"}
                ),
            )
        },
        "InvalidFunctionAssociation",
    ),
    "methods that are no set": (
        {"DefaultCacheBehavior": behavior(OPTIMIZED, AllowedMethods=listed("GET", "HEAD", "POST"))},
        "InvalidArgument",
    ),
    "writing methods to an origin group": (
        {
            "DefaultCacheBehavior": behavior(
                OPTIMIZED, AllowedMethods=listed("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
            )
        },
        "InvalidArgument",
    ),
    "error page without code": (
        {"CustomErrorResponses": listed({"ErrorCode": 404, "ResponsePagePath": "/404"})},
        "InvalidResponseCode",
    ),
    "error code that is none": ({"CustomErrorResponses": listed({"ErrorCode": 418})}, "InvalidErrorCode"),
    "root object with a slash": ({"DefaultRootObject": "/index.html"}, "InvalidDefaultRootObject"),
    "origin that is an address": (
        {"Origins": listed(origin("eu-central-1", DomainName="10.0.0.1"), origin("us-east-1"))},
        "InvalidArgument",
    ),
    "origin of no kind": (
        {"Origins": listed({"Id": "eu-central-1", "DomainName": "a.weddings.example"}, origin("us-east-1"))},
        "InvalidArgument",
    ),
    "origin access control that is not there": (
        {
            "Origins": listed(
                origin("eu-central-1"),
                {
                    "Id": "us-east-1",
                    "DomainName": "photos.s3.amazonaws.com",
                    "OriginAccessControlId": "ENOTTHERE",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                },
            )
        },
        "InvalidOriginAccessControl",
    ),
    "read timeout of an hour": (
        {
            "Origins": listed(
                origin("us-east-1"),
                origin(
                    "eu-central-1",
                    CustomOriginConfig={
                        "HTTPPort": 80,
                        "HTTPSPort": 443,
                        "OriginProtocolPolicy": "https-only",
                        "OriginReadTimeout": 3600,
                    },
                ),
            )
        },
        "InvalidOriginReadTimeout",
    ),
    "tag header that is no header": ({"CacheTagConfig": {"HeaderName": "Cache Tag"}}, "InvalidArgument"),
    "countries without a restriction": (
        {"Restrictions": {"GeoRestriction": {"RestrictionType": "none", **listed("IT")}}},
        "InvalidGeoRestrictionParameter",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_configuration_is_refused(cloudfront: Any, fresh: Fresh, case: str) -> None:
    """Each mistake is refused with the code that AWS's model names for it, and nothing is made."""
    changes, code = REFUSED[case]
    before = cloudfront.list_distributions()["DistributionList"]["Quantity"]
    with pytest.raises(ClientError) as refused:
        cloudfront.create_distribution(DistributionConfig=distribution(fresh("ref"), OPTIMIZED, **changes))
    assert refused.value.response["Error"]["Code"] == code
    assert cloudfront.list_distributions()["DistributionList"]["Quantity"] == before
