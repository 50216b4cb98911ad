"""Distributions: create, read, update with If-Match, delete once disabled and deployed."""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront import functions, invalidations, policies
from sandbox.aws.cloudfront.checks import marked_page, matched
from sandbox.aws.cloudfront.defaults import completed
from sandbox.aws.cloudfront.deployment import status
from sandbox.aws.cloudfront.distribution_rules import allowed
from sandbox.aws.cloudfront.state import Distribution, Tenant, behaviors
from sandbox.aws.cloudfront.tags import checked_tags
from sandbox.aws.cloudfront.tenancy_rules import is_multi_tenant, parameters_allowed
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 500
USERS_OF_A_POLICY = 100
MULTI_TENANT_QUOTA = 20
_SUMMARY = (
    *("Aliases", "Origins", "OriginGroups", "DefaultCacheBehavior", "CacheBehaviors", "CustomErrorResponses"),
    *("Comment", "PriceClass", "Enabled", "ViewerCertificate", "Restrictions", "WebACLId", "HttpVersion"),
    *("IsIPV6Enabled", "Staging"),
)


def found(world: World, distribution_id: str) -> Distribution:
    """The distribution of that id. Refuses with NoSuchDistribution."""
    distribution = world.cloudfront.distributions.get(distribution_id)
    if distribution is None:
        raise AwsRefusal("NoSuchDistribution", "The specified distribution does not exist.")
    return distribution


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateDistribution and CreateDistributionWithTags."""
    tagged = call.get("DistributionConfigWithTags")
    given = tagged["DistributionConfig"] if tagged else call["DistributionConfig"]
    tags = checked_tags((tagged or {}).get("Tags"))
    config = completed(given)
    kept = world.cloudfront.distributions
    for other in kept.values():
        if other.config["CallerReference"] == config["CallerReference"]:
            message = f"The caller reference is associated with another distribution. Already exists: {other.id}"
            raise AwsRefusal("DistributionAlreadyExists", message)
    _accepted(world, config, but=None)
    if len(kept) >= QUOTA:
        raise AwsRefusal("TooManyDistributions", f"At most {QUOTA} distributions in an account.")
    if is_multi_tenant(config) and sum(is_multi_tenant(one.config) for one in kept.values()) >= MULTI_TENANT_QUOTA:
        message = f"At most {MULTI_TENANT_QUOTA} multi-tenant distributions in an account."
        raise AwsRefusal("TooManyDistributions", message)
    distribution_id = world.names.upper()
    distribution = Distribution(
        id=distribution_id,
        arn=f"arn:aws:cloudfront::{world.account}:distribution/{distribution_id}",
        domain=f"{world.names.lower('d', 13)}.cloudfront.net",
        config=config,
        etag=world.names.upper(),
        modified=world.now(),
        seq=world.edge.grow(),
        changed_at=world.monotonic(),
    )
    kept[distribution_id] = distribution
    if tags:
        world.cloudfront.tags[distribution.arn] = tags
    location = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{distribution_id}"
    return {"Distribution": shown(world, distribution), "ETag": distribution.etag, "Location": location}


def get(world: World, call: Call) -> dict[str, Any]:
    """GetDistribution."""
    distribution = found(world, call["Id"])
    return {"Distribution": shown(world, distribution), "ETag": distribution.etag}


def get_config(world: World, call: Call) -> dict[str, Any]:
    """GetDistributionConfig."""
    distribution = found(world, call["Id"])
    return {"DistributionConfig": distribution.config, "ETag": distribution.etag}


def update(world: World, call: Call) -> dict[str, Any]:
    """UpdateDistribution: the whole configuration, held to the version that was read."""
    distribution = found(world, call["Id"])
    matched(call.get("IfMatch"), distribution.etag)
    config = completed(call["DistributionConfig"])
    if config["CallerReference"] != distribution.config["CallerReference"]:
        raise AwsRefusal("IllegalUpdate", "The parameter CallerReference cannot be changed.")
    if is_multi_tenant(config) != is_multi_tenant(distribution.config):
        raise AwsRefusal("IllegalUpdate", "The parameter ConnectionMode cannot be changed.")
    _accepted(world, config, but=distribution)
    for tenant in _tenants(world, distribution):
        parameters_allowed(config, tenant.declared.get("Parameters") or [])
    distribution.config, distribution.etag, distribution.modified = config, world.names.upper(), world.now()
    distribution.seq, distribution.changed_at = world.edge.grow(), world.monotonic()
    return {"Distribution": shown(world, distribution), "ETag": distribution.etag}


def delete(world: World, call: Call) -> None:
    """DeleteDistribution: only when it is disabled, everywhere."""
    distribution = found(world, call["Id"])
    matched(call.get("IfMatch"), distribution.etag)
    if distribution.config["Enabled"] or status(world, distribution) != "Deployed":
        message = "The distribution you are trying to delete has not been disabled."
        raise AwsRefusal("DistributionNotDisabled", message)
    if _tenants(world, distribution):
        raise AwsRefusal("ResourceInUse", "The distribution still has distribution tenants.")
    del world.cloudfront.distributions[distribution.id]
    world.cloudfront.invalidations.pop(distribution.id, None)
    world.cloudfront.tags.pop(distribution.arn, None)
    world.edge.grow()


def list_distributions(world: World, call: Call) -> dict[str, Any]:
    """ListDistributions."""
    rows = [
        (
            distribution.id,
            {
                "Id": distribution.id,
                "ARN": distribution.arn,
                "ETag": distribution.etag,
                "Status": status(world, distribution),
                "LastModifiedTime": distribution.modified,
                "DomainName": distribution.domain,
                **{member: distribution.config[member] for member in _SUMMARY},
                "ConnectionMode": distribution.config["ConnectionMode"],
            },
        )
        for distribution in world.cloudfront.distributions.values()
    ]
    return {"DistributionList": marked_page(rows, call.get("Marker"), call.get("MaxItems"))}


def shown(world: World, distribution: Distribution) -> dict[str, Any]:
    """A distribution as the API shows it."""
    return {
        "Id": distribution.id,
        "ARN": distribution.arn,
        "Status": status(world, distribution),
        "LastModifiedTime": distribution.modified,
        "InProgressInvalidationBatches": invalidations.in_progress(world, distribution.id),
        "DomainName": distribution.domain,
        "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
        "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "DistributionConfig": distribution.config,
        "AliasICPRecordals": [
            {"CNAME": alias, "ICPRecordalStatus": "APPROVED"}
            for alias in distribution.config["Aliases"].get("Items") or []
        ],
    }


def _accepted(world: World, config: dict[str, Any], but: Distribution | None) -> None:
    """Refuse a configuration that is wrong by itself, names what does not exist, or takes what another one has."""
    allowed(config)
    aliases = {alias.lower() for alias in config["Aliases"].get("Items") or []}
    for other in world.cloudfront.distributions.values():
        taken = aliases & {alias.lower() for alias in other.config["Aliases"].get("Items") or []}
        if taken and other is not but:
            message = "One or more of the CNAMEs you provided are already associated with a different resource."
            raise AwsRefusal("CNAMEAlreadyExists", message)
    if aliases & {domain for tenant in world.cloudfront.tenants.values() for domain in tenant.domains}:
        message = "One or more of the CNAMEs you provided are already associated with a different resource."
        raise AwsRefusal("CNAMEAlreadyExists", message)
    for origin in config["Origins"]["Items"]:
        control = origin["OriginAccessControlId"]
        if control and control not in world.moto.access_controls():
            raise AwsRefusal("InvalidOriginAccessControl", f"The origin access control {control} does not exist.")
    for behavior in behaviors(config):
        _policies_exist(world, behavior, but)
        for item in behavior["FunctionAssociations"].get("Items") or []:
            functions.published(world, item["FunctionARN"])


def _tenants(world: World, distribution: Distribution) -> list[Tenant]:
    return [tenant for tenant in world.cloudfront.tenants.values() if tenant.distribution_id == distribution.id]


def _policies_exist(world: World, behavior: dict[str, Any], but: Distribution | None) -> None:
    for kind in policies.KINDS:
        policy_id = behavior.get(f"{kind.noun}Id")
        if not policy_id:
            continue
        policies.found(world, kind.noun, policy_id)
        others = [user for user in policies.users(world, kind.noun, policy_id) if but is None or user != but.id]
        if len(others) >= USERS_OF_A_POLICY:
            message = f"At most {USERS_OF_A_POLICY} distributions use one {kind.noun}."
            raise AwsRefusal(f"TooManyDistributionsAssociatedTo{kind.noun}", message)
