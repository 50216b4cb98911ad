"""CloudFront distributions: the whole config goes out on every change, under the ETag that was just read.

Source of facts: botocore's DistributionConfig; defaults, force-new and the order of a delete (disable, wait, delete)
from terraform-provider-aws' documentation of aws_cloudfront_distribution.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import from_api, to_api
from sandbox.providers.types.aws_policies import SETS
from sandbox.providers.types.aws_tags import cloudfront_tags, pairs, sync_cloudfront_tags
from sandbox.providers.waiting import wait_until

DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
HOSTED_ZONE = "Z2FDTNDATAQYW2"  # one for all distributions: General Reference, "Amazon CloudFront endpoints"
NOTHING: dict[str, Any] = {"Quantity": 0, "Items": []}
# Kept from the live config when the program does not declare them: Terraform's optional and computed properties.
KEPT = ("ContinuousDeploymentPolicyId",)

DEFAULTS: dict[str, Any] = {
    "httpVersion": "http2",
    "priceClass": "PriceClass_All",
    "origins.connectionAttempts": 3,
    "origins.connectionTimeout": 10,
    "origins.customOriginConfig.originKeepaliveTimeout": 5,
    "origins.customOriginConfig.originReadTimeout": 30,
    "origins.customOriginConfig.ipAddressType": "ipv4",
    "viewerCertificate.minimumProtocolVersion": "TLSv1",
    "customErrorResponses.errorCachingMinTtl": 10,
    "originGroups.selectionCriteria": "default",
    "restrictions.geoRestriction.restrictionType": "none",
}
COMPUTED = frozenset(
    {
        "continuousDeploymentPolicyId",
        "origins.s3OriginConfig",
        "viewerCertificate.sslSupportMethod",
        "viewerCertificate.cloudfrontDefaultCertificate",
        "origins.originShield",
        "defaultCacheBehavior.forwardedValues",
        "orderedCacheBehaviors.forwardedValues",
    }
)


def config_of(inputs: Mapping[str, Any], caller_reference: str) -> dict[str, Any]:
    """The API's DistributionConfig, complete: what is not declared has the vendor's default."""
    config = to_api(load(DISTRIBUTION).inputs, inputs)
    defaults: dict[str, Any] = {
        "Comment": "",
        "DefaultRootObject": "",
        "HttpVersion": "http2",
        "PriceClass": "PriceClass_All",
        "WebACLId": "",
        "IsIPV6Enabled": False,
        "Staging": False,
        "Aliases": NOTHING,
        "CacheBehaviors": NOTHING,
        "CustomErrorResponses": NOTHING,
        "OriginGroups": NOTHING,
        "CallerReference": caller_reference,
    }
    config = {**defaults, **config}
    logging = config.get("Logging")
    config["Logging"] = {
        "Enabled": bool(logging),
        "IncludeCookies": False,
        "Bucket": "",
        "Prefix": "",
        **(logging or {}),
    }
    for origin in config["Origins"]["Items"]:
        _complete_origin(origin)
    declared = [inputs["defaultCacheBehavior"], *inputs.get("orderedCacheBehaviors", [])]
    behaviors = [config["DefaultCacheBehavior"], *config["CacheBehaviors"].get("Items", [])]
    for behavior, source in zip(behaviors, declared, strict=True):
        _complete_behavior(behavior, source)
    return config


def _complete_origin(origin: dict[str, Any]) -> None:
    for name, value in (
        ("OriginPath", ""),
        ("CustomHeaders", NOTHING),
        ("ConnectionAttempts", 3),
        ("ConnectionTimeout", 10),
        ("OriginShield", {"Enabled": False}),
        ("OriginAccessControlId", ""),
    ):
        origin.setdefault(name, value)
    custom = origin.get("CustomOriginConfig")
    if custom is not None:
        custom.setdefault("OriginReadTimeout", 30)
        custom.setdefault("OriginKeepaliveTimeout", 5)
    elif "VpcOriginConfig" not in origin:
        origin.setdefault("S3OriginConfig", {"OriginAccessIdentity": ""})


def _complete_behavior(behavior: dict[str, Any], source: Mapping[str, Any]) -> None:
    cached = list(source["cachedMethods"])
    allowed = list(source["allowedMethods"])
    behavior["AllowedMethods"] = {
        "Quantity": len(allowed),
        "Items": allowed,
        "CachedMethods": {"Quantity": len(cached), "Items": cached},
    }
    for name in ("TrustedSigners", "TrustedKeyGroups"):
        listed = behavior.get(name, NOTHING)
        behavior[name] = {"Enabled": listed["Quantity"] > 0, **listed}
    for name, value in (
        ("SmoothStreaming", False),
        ("Compress", False),
        ("FieldLevelEncryptionId", ""),
        ("FunctionAssociations", NOTHING),
        ("LambdaFunctionAssociations", NOTHING),
    ):
        behavior.setdefault(name, value)


def properties_of(config: Mapping[str, Any]) -> Properties:
    """The properties that a live config holds."""
    found = from_api(load(DISTRIBUTION).inputs, config)
    if not config.get("Logging", {}).get("Enabled"):
        found.pop("loggingConfig", None)
    declared = [found.get("defaultCacheBehavior", {}), *found.get("orderedCacheBehaviors", [])]
    behaviors = [config["DefaultCacheBehavior"], *config.get("CacheBehaviors", {}).get("Items", [])]
    for behavior, target in zip(behaviors, declared, strict=True):
        methods = behavior.get("AllowedMethods", {})
        target["allowedMethods"] = list(methods.get("Items", []))
        target["cachedMethods"] = list(methods.get("CachedMethods", {}).get("Items", []))
        if behavior.get("CachePolicyId"):
            # With a cache policy the legacy TTLs do not exist; some answers carry zeros all the same.
            for name in ("minTtl", "defaultTtl", "maxTtl", "forwardedValues"):
                target.pop(name, None)
    return found


def caller_reference(ask: Ask) -> str:
    """One per creation: the same for each retry of a create, another for the next creation of the same URN."""
    return hashlib.blake2b(ask.urn.encode() + ask.seed, digest_size=16).hexdigest()


def _create(ask: Ask) -> str:
    client = ask.vendors.aws("cloudfront")
    config = config_of(ask.inputs, caller_reference(ask))
    tags = {"Items": pairs(ask.inputs.get("tags", {}))}
    answer = client.create_distribution_with_tags(
        DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags}
    )
    return str(answer["Distribution"]["Id"])


def found_by_reference(ask: Ask) -> str | None:
    """The distribution that carries our caller reference."""
    client = ask.vendors.aws("cloudfront")
    for page in client.get_paginator("list_distributions").paginate():
        for item in page["DistributionList"].get("Items", []):
            config = client.get_distribution_config(Id=item["Id"])["DistributionConfig"]
            if config["CallerReference"] == caller_reference(ask):
                return str(item["Id"])
    return None


def wait_deployed(ask: Ask, identity: str) -> None:
    """Wait until every POP has the last change. Raises what `wait_until` raises."""
    client = ask.vendors.aws("cloudfront")
    wait_until(
        lambda: client.get_distribution(Id=identity)["Distribution"]["Status"],
        lambda status: status == "Deployed",
        ask.timeout,
        f"distribution {identity} is Deployed",
    )


def _finish(ask: Ask, identity: str) -> None:
    if ask.inputs.get("waitForDeployment", True):
        wait_deployed(ask, identity)


def _read(ask: Ask, identity: str) -> Properties:
    answer = ask.vendors.aws("cloudfront").get_distribution(Id=identity)
    live = answer["Distribution"]
    config = live["DistributionConfig"]
    return {
        **properties_of(config),
        "arn": live["ARN"],
        "callerReference": config["CallerReference"],
        "domainName": live["DomainName"],
        "etag": answer["ETag"],
        "hostedZoneId": HOSTED_ZONE,
        "inProgressValidationBatches": live.get("InProgressInvalidationBatches", 0),
        "lastModifiedTime": live["LastModifiedTime"].isoformat(),
        "loggingV1Enabled": bool(config.get("Logging", {}).get("Enabled")),
        "status": live["Status"],
        **cloudfront_tags(ask, live["ARN"]),
    }


def _update(ask: Ask, identity: str) -> None:
    client = ask.vendors.aws("cloudfront")
    live = client.get_distribution_config(Id=identity)
    current = live["DistributionConfig"]
    config = config_of(ask.inputs, current["CallerReference"])
    config.update({name: current[name] for name in KEPT if name in current and name not in config})
    updated = client.update_distribution(Id=identity, IfMatch=live["ETag"], DistributionConfig=config)
    sync_cloudfront_tags(ask, updated["Distribution"]["ARN"])


def deleted(ask: Ask, identity: str) -> None:
    """Disable, wait until the POPs know, delete; with `retainOnDelete` it stays, disabled."""
    client = ask.vendors.aws("cloudfront")
    live = client.get_distribution_config(Id=identity)
    if live["DistributionConfig"]["Enabled"]:
        config = {**live["DistributionConfig"], "Enabled": False}
        client.update_distribution(Id=identity, IfMatch=live["ETag"], DistributionConfig=config)
    if ask.inputs.get("retainOnDelete"):
        return
    wait_deployed(ask, identity)
    etag = client.get_distribution_config(Id=identity)["ETag"]
    client.delete_distribution(Id=identity, IfMatch=etag)


ROWS = (
    Type(
        token=DISTRIBUTION,
        create=_create,
        find=found_by_reference,
        finish=_finish,
        read=_read,
        update=_update,
        delete=deleted,
        force_new=frozenset({"staging"}),
        fill={
            "httpVersion": "http2",
            "priceClass": "PriceClass_All",
            "retainOnDelete": False,
            "staging": False,
            "waitForDeployment": True,
        },
        rules=Rules(
            sets=SETS,
            defaults=DEFAULTS,
            computed=COMPUTED,
            unreadable=frozenset({"retainOnDelete", "waitForDeployment"}),
        ),
        volatile=frozenset({"etag", "lastModifiedTime", "status", "inProgressValidationBatches"}),
    ),
)
