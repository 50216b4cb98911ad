"""What CloudFront demands of cache, origin request and response headers policies, and what it fills in.

Source: CloudFront API reference and developer guide (quotas page: 20 custom policies of a kind, 10 headers, cookies or
query strings in a policy, 10 custom headers).
"""

from __future__ import annotations

import copy
import re
from typing import Any

from sandbox.aws.cloudfront.checks import invalid
from sandbox.aws.refusal import AwsRefusal

YEAR = 31_536_000
DAY = 86_400
LISTED = 10
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

_NOT_IN_CACHE_KEY = {"cookie", "connection", "content-length", "transfer-encoding", "upgrade"}
_NOT_TO_ORIGIN = {"authorization", "accept-encoding", "cookie", "connection", "content-length"}
_NOT_TO_VIEWER = {"connection", "content-length", "transfer-encoding", "upgrade", "via", "warning", "x-edge-location"}

_NOTHING: dict[str, Any] = {
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "none"},
}
_PARTS = (
    ("HeadersConfig", "HeaderBehavior", "Headers"),
    ("CookiesConfig", "CookieBehavior", "Cookies"),
    ("QueryStringsConfig", "QueryStringBehavior", "QueryStrings"),
)
_WITH_LIST = ("whitelist", "allExcept", "allViewerAndWhitelistCloudFront")


def cache_policy(given: dict[str, Any]) -> dict[str, Any]:
    """A CachePolicyConfig as CloudFront keeps it: TTLs filled in and in order, keys within the limits."""
    config = _named(given)
    least = config["MinTTL"]
    config.setdefault("DefaultTTL", max(DAY, least))
    config.setdefault("MaxTTL", max(YEAR, config["DefaultTTL"]))
    if not 0 <= least <= config["DefaultTTL"] <= config["MaxTTL"]:
        raise invalid("The parameter MinTTL must be at most DefaultTTL, and DefaultTTL at most MaxTTL.")
    empty = {"EnableAcceptEncodingGzip": False, **copy.deepcopy(_NOTHING)}
    key = config.setdefault("ParametersInCacheKeyAndForwardedToOrigin", empty)
    key.setdefault("EnableAcceptEncodingBrotli", False)
    _lists(key, "CachePolicy", _NOT_IN_CACHE_KEY)
    if config["MaxTTL"] == 0 and (
        key["EnableAcceptEncodingGzip"]
        or key["EnableAcceptEncodingBrotli"]
        or any(key[part][behavior] != "none" for part, behavior, _ in _PARTS)
    ):
        raise invalid("The parameter HeaderBehavior is invalid for policy with caching disabled.")
    return config


def origin_request_policy(given: dict[str, Any]) -> dict[str, Any]:
    """An OriginRequestPolicyConfig as CloudFront keeps it."""
    config = _named(given)
    _lists(config, "OriginRequestPolicy", _NOT_TO_ORIGIN)
    return config


def response_headers_policy(given: dict[str, Any]) -> dict[str, Any]:
    """A ResponseHeadersPolicyConfig as CloudFront keeps it: header names that exist, each once."""
    config = _named(given)
    custom = (config.get("CustomHeadersConfig") or {}).get("Items") or []
    removed = (config.get("RemoveHeadersConfig") or {}).get("Items") or []
    if len(custom) > LISTED:
        raise AwsRefusal("TooManyCustomHeadersInResponseHeadersPolicy", "At most 10 custom headers in a policy.")
    if len(removed) > LISTED:
        raise AwsRefusal("TooManyRemoveHeadersInResponseHeadersPolicy", "At most 10 headers to remove in a policy.")
    names = [header["Header"].lower() for header in custom + removed]
    for name in names:
        if not HEADER_NAME.fullmatch(name) or name in _NOT_TO_VIEWER or name.startswith("x-amz-cf-"):
            raise invalid(f"The parameter Header is not valid: {name!r} cannot be set or removed by a policy.")
    if len(set(names)) < len(names):
        raise invalid("The parameter Header is not valid: a header is named twice.")
    timing = config.get("ServerTimingHeadersConfig") or {}
    if timing.get("Enabled") and not 0 <= timing.get("SamplingRate", 0) <= 100:
        raise invalid("The parameter SamplingRate must be between 0 and 100.")
    parts = ("CorsConfig", "SecurityHeadersConfig", "ServerTimingHeadersConfig")
    if not custom and not removed and not any(config.get(part) for part in parts):
        raise invalid("The policy must have at least one header configuration.")
    return config


def _named(given: dict[str, Any]) -> dict[str, Any]:
    config = copy.deepcopy(given)
    config.setdefault("Comment", "")
    if not re.fullmatch(r"[A-Za-z0-9-_.]{1,128}", config["Name"]):
        raise invalid("The parameter Name contains invalid characters or is longer than 128 characters.")
    if len(config["Comment"]) > 128:
        raise invalid("The parameter Comment is longer than 128 characters.")
    return config


def _lists(config: dict[str, Any], noun: str, forbidden_headers: set[str]) -> None:
    """The three parts of a policy: a list exactly where its behaviour uses one, within the quota."""
    characters = 0
    for part, behavior, listed in _PARTS:
        if part not in config:
            raise invalid(f"The parameter {part} is required.")
        items = (config[part].get(listed) or {}).get("Items") or []
        if config[part][behavior] in _WITH_LIST and not items:
            raise invalid(f"The parameter {listed} is required when {behavior} is {config[part][behavior]}.")
        if config[part][behavior] not in _WITH_LIST and items:
            raise invalid(f"The parameter {listed} is not allowed when {behavior} is {config[part][behavior]}.")
        if len(items) > LISTED:
            raise AwsRefusal(f"TooMany{listed}In{noun}", f"At most {LISTED} {listed} in a policy.")
        if len({item.lower() for item in items}) < len(items):
            raise invalid(f"The parameter {listed} contains duplicates.")
        characters += sum(map(len, items))
    if characters > 1024:
        raise invalid("The names of all headers, cookies and query strings have more than 1,024 characters.")
    for header in (config["HeadersConfig"].get("Headers") or {}).get("Items") or []:
        if header.lower() in forbidden_headers or not HEADER_NAME.fullmatch(header):
            raise invalid(f"The parameter Headers contains {header} that is not allowed.")
