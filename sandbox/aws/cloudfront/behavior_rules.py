"""What CloudFront demands of one cache behaviour."""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront.checks import invalid
from sandbox.aws.refusal import AwsRefusal

_READ = {"GET", "HEAD"}
_ALLOWED = (_READ, _READ | {"OPTIONS"}, _READ | {"OPTIONS", "PUT", "POST", "PATCH", "DELETE"})
_CACHED = (_READ, _READ | {"OPTIONS"})
_LEGACY = ("MinTTL", "DefaultTTL", "MaxTTL", "ForwardedValues")


def behavior_allowed(behavior: dict[str, Any], *, to_group: bool) -> None:
    """Refuse a completed cache behaviour that CloudFront would refuse, with its code.

    `to_group`: whether its target is an origin group, which takes no writing methods.
    """
    methods = behavior["AllowedMethods"]
    if set(methods["Items"]) not in _ALLOWED:
        raise invalid("The parameter AllowedMethods must be GET and HEAD, those and OPTIONS, or all seven methods.")
    if to_group and "POST" in methods["Items"]:
        message = "cannot include POST, PUT, PATCH, or DELETE for a cached behavior associated with an origin group."
        raise invalid(f"The parameter AllowedMethods {message}")
    cached = set(methods["CachedMethods"]["Items"])
    if cached not in _CACHED or not cached <= set(methods["Items"]):
        raise invalid("The parameter CachedMethods must be GET and HEAD, or those and OPTIONS, and be allowed.")
    _caching(behavior)
    _functions(behavior)
    if behavior["GrpcConfig"]["Enabled"] and "POST" not in methods["Items"]:
        raise invalid("gRPC needs all HTTP methods to be allowed.")


def _caching(behavior: dict[str, Any]) -> None:
    if behavior.get("CachePolicyId"):
        for member in _LEGACY:
            if member in behavior:
                message = "cannot be used when a cache policy is associated to the cache behavior."
                raise invalid(f"The parameter {member} {message}")
        return
    if "ForwardedValues" not in behavior:
        raise invalid("The parameter ForwardedValues is required.")
    if behavior.get("OriginRequestPolicyId"):
        raise invalid("An origin request policy can be used only with a cache policy.")
    if not 0 <= behavior["MinTTL"] <= behavior["DefaultTTL"] <= behavior["MaxTTL"]:
        message = "The TTL order is not valid: MinTTL must be at most DefaultTTL, and DefaultTTL at most MaxTTL."
        raise AwsRefusal("InvalidTTLOrder", message)


def _functions(behavior: dict[str, Any]) -> None:
    functions = behavior["FunctionAssociations"].get("Items") or []
    lambdas = behavior["LambdaFunctionAssociations"].get("Items") or []
    events = [item["EventType"] for item in functions]
    if any(event not in ("viewer-request", "viewer-response") for event in events):
        message = "A CloudFront function runs on viewer-request or viewer-response only."
        raise AwsRefusal("InvalidFunctionAssociation", message)
    if len(set(events)) < len(events):
        raise AwsRefusal("TooManyFunctionAssociations", "At most one function for an event type in a cache behavior.")
    if functions and any(item["EventType"].startswith("viewer") for item in lambdas):
        message = "CloudFront functions and Lambda@Edge cannot both run on viewer events of a cache behavior."
        raise AwsRefusal("InvalidFunctionAssociation", message)
