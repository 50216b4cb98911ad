"""What CloudFront demands of a DistributionConfig by itself, without looking at anything else in the account.

Source: CloudFront API reference, developer guide (quotas; values that you specify; origin failover; custom errors).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sandbox.aws.cloudfront.behavior_rules import behavior_allowed
from sandbox.aws.cloudfront.checks import invalid
from sandbox.aws.cloudfront.state import behaviors
from sandbox.aws.cloudfront.tenancy_rules import multi_tenant_allowed, with_parameters
from sandbox.aws.refusal import AwsRefusal

FAILOVER_CODES = {400, 403, 404, 416, 429, 500, 502, 503, 504}
ERROR_CODES = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504}
HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE)
ACM = re.compile(r"arn:aws:acm:us-east-1:\d{12}:certificate/.+")
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def allowed(config: dict[str, Any]) -> None:
    """Refuse a completed DistributionConfig that CloudFront would refuse, with its code."""
    if not config["CallerReference"]:
        raise invalid("The parameter CallerReference is required.")
    if len(config["Comment"]) > 128:
        raise invalid("The parameter Comment is longer than 128 characters.")
    if config["DefaultRootObject"].startswith("/"):
        raise AwsRefusal("InvalidDefaultRootObject", "The parameter DefaultRootObject must not begin with a slash.")
    if config["HttpVersion"] in ("http3", "http2and3") and config["ContinuousDeploymentPolicyId"]:
        raise invalid("HTTP/3 cannot be used with a continuous deployment policy.")
    multi_tenant_allowed(config)
    _origins(config)
    _groups(config)
    groups = {group["Id"] for group in config["OriginGroups"].get("Items") or []}
    targets = groups | {origin["Id"] for origin in config["Origins"]["Items"]}
    listed = behaviors(config)
    if len(listed) - 1 > 75:
        raise AwsRefusal("TooManyCacheBehaviors", "At most 75 cache behaviors in a distribution.")
    _distinct((behavior["PathPattern"] for behavior in listed[1:]), "PathPattern")
    for behavior in listed:
        if behavior["TargetOriginId"] not in targets:
            raise AwsRefusal("NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
        behavior_allowed(behavior, to_group=behavior["TargetOriginId"] in groups)
    for response in config["CustomErrorResponses"].get("Items") or []:
        _error_response(response)
    _distinct((str(item["ErrorCode"]) for item in config["CustomErrorResponses"].get("Items") or []), "ErrorCode")
    _viewers(config)
    tags = config.get("CacheTagConfig")
    if tags is not None and not TOKEN.fullmatch(tags["HeaderName"]):
        raise invalid("The parameter HeaderName of CacheTagConfig is not the name of a header.")


def _origins(config: dict[str, Any]) -> None:
    origins = config["Origins"]["Items"]
    if len(origins) > 100:
        raise AwsRefusal("TooManyOrigins", "At most 100 origins in a distribution.")
    _distinct((origin["Id"] for origin in origins), "Origin Id")
    for origin in origins:
        name = with_parameters(origin["DomainName"], {})
        if not HOST.fullmatch(name):
            raise invalid(f"The parameter Origin DomainName {name!r} is not a domain name.")
        if origin["OriginPath"] and not re.fullmatch(r"/.*[^/]", origin["OriginPath"]):
            raise invalid("The parameter OriginPath must begin with a slash and not end with one.")
        kinds = [kind for kind in ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig") if kind in origin]
        if len(kinds) != 1:
            raise invalid(
                f"Origin {origin['Id']} needs exactly one of S3OriginConfig, CustomOriginConfig and VpcOriginConfig."
            )
        if "S3OriginConfig" in origin:
            if not name.endswith(".amazonaws.com"):
                raise invalid("The parameter Origin DomainName does not refer to a valid S3 bucket.")
            if origin["OriginAccessControlId"] and origin["S3OriginConfig"].get("OriginAccessIdentity"):
                message = "An origin has an origin access control or an origin access identity, not both."
                raise AwsRefusal("IllegalOriginAccessConfiguration", message)
        if not 1 <= origin["ConnectionAttempts"] <= 3:
            raise invalid("The parameter ConnectionAttempts must be between 1 and 3.")
        if not 1 <= origin["ConnectionTimeout"] <= 10:
            raise invalid("The parameter ConnectionTimeout must be between 1 and 10 seconds.")
        if origin["OriginShield"]["Enabled"] and not origin["OriginShield"].get("OriginShieldRegion"):
            raise invalid("The parameter OriginShieldRegion is required when Origin Shield is enabled.")
        _custom_origin(origin.get("CustomOriginConfig"))


def _custom_origin(custom: dict[str, Any] | None) -> None:
    if custom is None:
        return
    if not 1 <= custom["OriginReadTimeout"] <= 120:
        raise AwsRefusal("InvalidOriginReadTimeout", "The origin read timeout must be between 1 and 120 seconds.")
    if not 1 <= custom["OriginKeepaliveTimeout"] <= 300:
        raise AwsRefusal("InvalidOriginKeepaliveTimeout", "The keep-alive timeout must be between 1 and 300 seconds.")
    for port in (custom["HTTPPort"], custom["HTTPSPort"]):
        if port not in (80, 443) and not 1024 <= port <= 65535:
            raise invalid(f"The parameter origin port {port} must be 80, 443 or between 1024 and 65535.")


def _groups(config: dict[str, Any]) -> None:
    groups = config["OriginGroups"].get("Items") or []
    known = {origin["Id"] for origin in config["Origins"]["Items"]}
    if len(groups) > 10:
        raise AwsRefusal("TooManyOriginGroupsPerDistribution", "At most 10 origin groups in a distribution.")
    _distinct([*(group["Id"] for group in groups), *known], "Origin Group Id")
    for group in groups:
        members = [member["OriginId"] for member in group["Members"]["Items"]]
        if len(members) != 2 or len(set(members)) != 2:
            raise invalid(f"Origin group {group['Id']} needs exactly two different members.")
        if not set(members) <= known:
            raise AwsRefusal("NoSuchOrigin", "One or more of your origins or origin groups do not exist.")
        codes = set(group["FailoverCriteria"]["StatusCodes"]["Items"])
        if not codes or not codes <= FAILOVER_CODES:
            raise invalid(f"The failover status codes must be of {sorted(FAILOVER_CODES)}.")


def _error_response(response: dict[str, Any]) -> None:
    if response["ErrorCode"] not in ERROR_CODES:
        raise AwsRefusal("InvalidErrorCode", f"No custom error response for {response['ErrorCode']}.")
    path, code = response.get("ResponsePagePath") or "", response.get("ResponseCode") or ""
    if bool(path) != bool(code):
        raise AwsRefusal("InvalidResponseCode", "ResponsePagePath and ResponseCode go together: give both or neither.")
    if code and not re.fullmatch(r"200|4\d\d|5\d\d", code):
        raise AwsRefusal("InvalidResponseCode", f"The response code {code} is not 200, 4xx or 5xx.")
    if path and not path.startswith("/"):
        raise AwsRefusal("InvalidRelativePath", "The parameter ResponsePagePath must begin with a slash.")


def _viewers(config: dict[str, Any]) -> None:
    aliases = config["Aliases"].get("Items") or []
    certificate = config["ViewerCertificate"]
    if len(aliases) > 100:
        raise AwsRefusal("TooManyDistributionCNAMEs", "At most 100 alternate domain names in a distribution.")
    for alias in aliases:
        if not HOST.fullmatch(alias.removeprefix("*.")):
            raise invalid(f"The parameter Aliases contains {alias!r}, which is not a domain name.")
    _distinct((alias.lower() for alias in aliases), "Aliases")
    if certificate["CertificateSource"] == "cloudfront":
        if aliases:
            message = (
                "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted "
                "certificate that validates your authorization to use the domain name."
            )
            raise AwsRefusal("InvalidViewerCertificate", message)
    elif certificate.get("SSLSupportMethod") not in ("sni-only", "vip", "static-ip"):
        raise AwsRefusal("InvalidViewerCertificate", "SSLSupportMethod is required with a certificate of your own.")
    elif certificate["CertificateSource"] == "acm" and not ACM.match(certificate["ACMCertificateArn"]):
        message = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, or isn't valid."
        raise AwsRefusal("InvalidViewerCertificate", message)
    restriction = config["Restrictions"]["GeoRestriction"]
    if (restriction["RestrictionType"] == "none") != (not restriction.get("Items")):
        raise AwsRefusal("InvalidGeoRestrictionParameter", "Locations are listed exactly when a restriction is on.")


def _distinct(values: Iterable[str], what: str) -> None:
    listed = list(values)
    if len(set(listed)) < len(listed):
        raise invalid(f"The parameter {what} contains duplicates.")
