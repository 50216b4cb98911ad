"""What CloudFront fills into a DistributionConfig: it always returns the whole of it.

Source: CloudFront API reference (defaults in the members' descriptions).
"""

from __future__ import annotations

import copy
from typing import Any

_NONE: dict[str, Any] = {"Quantity": 0}
_GET_AND_HEAD: dict[str, Any] = {"Quantity": 2, "Items": ["HEAD", "GET"]}

_CONFIG: dict[str, Any] = {
    "Aliases": _NONE,
    "DefaultRootObject": "",
    "OriginGroups": _NONE,
    "CacheBehaviors": _NONE,
    "CustomErrorResponses": _NONE,
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": False,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
    "ConnectionMode": "direct",
}
_BEHAVIOR: dict[str, Any] = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "AllowedMethods": _GET_AND_HEAD,
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": _NONE,
    "FunctionAssociations": _NONE,
    "FieldLevelEncryptionId": "",
    "GrpcConfig": {"Enabled": False},
}
_LEGACY_TTLS = {"MinTTL": 0, "DefaultTTL": 86_400, "MaxTTL": 31_536_000}
_ORIGIN: dict[str, Any] = {
    "OriginPath": "",
    "CustomHeaders": _NONE,
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}
_CUSTOM_ORIGIN: dict[str, Any] = {
    "OriginSslProtocols": {"Quantity": 3, "Items": ["TLSv1", "TLSv1.1", "TLSv1.2"]},
    "OriginReadTimeout": 30,
    "OriginKeepaliveTimeout": 5,
}


def completed(given: dict[str, Any]) -> dict[str, Any]:
    """A copy of a DistributionConfig with every default filled in."""
    config = _filled(given, _CONFIG)
    config["Origins"]["Items"] = [_origin(origin) for origin in config["Origins"].get("Items") or []]
    config["DefaultCacheBehavior"] = _behavior(config["DefaultCacheBehavior"])
    if config["CacheBehaviors"].get("Items"):
        config["CacheBehaviors"]["Items"] = [_behavior(behavior) for behavior in config["CacheBehaviors"]["Items"]]
    for group in config["OriginGroups"].get("Items") or []:
        group.setdefault("SelectionCriteria", "default")
    config["ViewerCertificate"] = _certificate(config["ViewerCertificate"])
    return config


def _filled(given: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy({**defaults, **given})


def _origin(given: dict[str, Any]) -> dict[str, Any]:
    origin = _filled(given, _ORIGIN)
    if "CustomOriginConfig" in origin:
        origin["CustomOriginConfig"] = _filled(origin["CustomOriginConfig"], _CUSTOM_ORIGIN)
    return origin


def _behavior(given: dict[str, Any]) -> dict[str, Any]:
    behavior = _filled(given, _BEHAVIOR)
    behavior["AllowedMethods"].setdefault("CachedMethods", copy.deepcopy(_GET_AND_HEAD))
    if not behavior.get("CachePolicyId"):
        behavior = {**_LEGACY_TTLS, **behavior}
        if "ForwardedValues" in behavior:
            behavior["ForwardedValues"] = _filled(
                behavior["ForwardedValues"], {"Headers": _NONE, "QueryStringCacheKeys": _NONE}
            )
    return behavior


def _certificate(given: dict[str, Any]) -> dict[str, Any]:
    certificate = dict(given)
    if certificate.get("ACMCertificateArn"):
        certificate.update(Certificate=certificate["ACMCertificateArn"], CertificateSource="acm")
        certificate.setdefault("CloudFrontDefaultCertificate", False)
    elif certificate.get("IAMCertificateId"):
        certificate.update(Certificate=certificate["IAMCertificateId"], CertificateSource="iam")
        certificate.setdefault("CloudFrontDefaultCertificate", False)
    else:
        certificate.update(CloudFrontDefaultCertificate=True, SSLSupportMethod="vip", CertificateSource="cloudfront")
        certificate["MinimumProtocolVersion"] = "TLSv1"
    return certificate
