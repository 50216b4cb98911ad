"""Distribution tenants: create, read, update with If-Match, delete once disabled and deployed.

Source: CloudFront API reference and developer guide, "Create distribution tenants"; quotas page.
"""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront import connection_groups
from sandbox.aws.cloudfront.checks import invalid, matched, page
from sandbox.aws.cloudfront.deployment import status
from sandbox.aws.cloudfront.distribution_rules import ACM, HOST
from sandbox.aws.cloudfront.state import Distribution, Tenant
from sandbox.aws.cloudfront.tags import checked_tags
from sandbox.aws.cloudfront.tenancy_rules import DOMAINS, NAME, is_multi_tenant, parameters_allowed
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 10_000
_DECLARED = ("Domains", "Customizations", "Parameters")


def found(world: World, identifier: str) -> Tenant:
    """The tenant of that id, name or ARN. Refuses with EntityNotFound."""
    for tenant in world.cloudfront.tenants.values():
        if identifier in (tenant.id, tenant.name, tenant.arn):
            return tenant
    raise AwsRefusal("EntityNotFound", f"The distribution tenant {identifier} does not exist.")


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateDistributionTenant."""
    name, tags = call["Name"], checked_tags(call.get("Tags"))
    if not NAME.fullmatch(name):
        raise invalid("The name has 3 to 128 letters, digits, hyphens and dots.")
    if any(tenant.name == name for tenant in world.cloudfront.tenants.values()):
        raise AwsRefusal("EntityAlreadyExists", f"A distribution tenant named {name} already exists.")
    if len(world.cloudfront.tenants) >= QUOTA:
        raise AwsRefusal("EntityLimitExceeded", f"At most {QUOTA} distribution tenants in an account.")
    declared = {member: call.parameters[member] for member in _DECLARED if call.get(member)}
    distribution = _accepted(world, call["DistributionId"], declared, but=None)
    given = call.get("ConnectionGroupId")
    group = connection_groups.found(world, given) if given else connection_groups.default(world)
    tenant_id = world.names.upper("dt_")
    tenant = Tenant(
        id=tenant_id,
        name=name,
        arn=f"arn:aws:cloudfront::{world.account}:distribution-tenant/{tenant_id}",
        distribution_id=distribution.id,
        group_id=group.id,
        declared=declared,
        etag=world.names.upper(),
        created=world.now(),
        modified=world.now(),
        seq=world.edge.grow(),
        changed_at=world.monotonic(),
        enabled=bool(call.get("Enabled", True)),
    )
    world.cloudfront.tenants[tenant_id] = tenant
    if tags:
        world.cloudfront.tags[tenant.arn] = tags
    return _answer(world, tenant)


def get(world: World, call: Call) -> dict[str, Any]:
    """GetDistributionTenant."""
    return _answer(world, found(world, call["Identifier"]))


def get_by_domain(world: World, call: Call) -> dict[str, Any]:
    """GetDistributionTenantByDomain."""
    for tenant in world.cloudfront.tenants.values():
        if call["Domain"].lower() in tenant.domains:
            return _answer(world, tenant)
    raise AwsRefusal("EntityNotFound", f"No distribution tenant has the domain {call['Domain']}.")


def update(world: World, call: Call) -> dict[str, Any]:
    """UpdateDistributionTenant: what is not given stays."""
    tenant = found(world, call["Id"])
    matched(call.get("IfMatch"), tenant.etag)
    given = {member: call.parameters[member] for member in _DECLARED if call.get(member) is not None}
    declared = {**tenant.declared, **given}
    distribution = _accepted(world, call.get("DistributionId", tenant.distribution_id), declared, but=tenant)
    group = connection_groups.found(world, call.get("ConnectionGroupId", tenant.group_id))
    tenant.declared, tenant.distribution_id, tenant.group_id = declared, distribution.id, group.id
    tenant.enabled = bool(call.get("Enabled", tenant.enabled))
    tenant.etag, tenant.modified = world.names.upper(), world.now()
    tenant.seq, tenant.changed_at = world.edge.grow(), world.monotonic()
    return _answer(world, tenant)


def delete(world: World, call: Call) -> None:
    """DeleteDistributionTenant: only when it is disabled, everywhere."""
    tenant = found(world, call["Id"])
    matched(call.get("IfMatch"), tenant.etag)
    if tenant.enabled or status(world, tenant) != "Deployed":
        raise AwsRefusal("ResourceNotDisabled", "The distribution tenant has not been disabled.")
    del world.cloudfront.tenants[tenant.id]
    world.cloudfront.invalidations.pop(tenant.id, None)
    world.cloudfront.tags.pop(tenant.arn, None)
    world.edge.grow()


def list_tenants(world: World, call: Call) -> dict[str, Any]:
    """ListDistributionTenants."""
    wanted = call.get("AssociationFilter") or {}
    rows = [
        (tenant.id, {**_shown(world, tenant), "ETag": tenant.etag})
        for tenant in world.cloudfront.tenants.values()
        if wanted.get("DistributionId") in (None, tenant.distribution_id)
        and wanted.get("ConnectionGroupId") in (None, tenant.group_id)
    ]
    listed = page(rows, call.get("Marker"), call.get("MaxItems"))
    more = {"NextMarker": listed["NextMarker"]} if "NextMarker" in listed else {}
    return {"DistributionTenantList": listed["Items"], **more}


def _accepted(world: World, distribution_id: str, declared: dict[str, Any], but: Tenant | None) -> Distribution:
    """The distribution that may serve what is declared. Refuses what is wrong by itself or taken by another."""
    distribution = world.cloudfront.distributions.get(distribution_id)
    if distribution is None:
        raise AwsRefusal("EntityNotFound", f"The distribution {distribution_id} does not exist.")
    if not is_multi_tenant(distribution.config):
        raise AwsRefusal(
            "InvalidAssociation", f"The distribution {distribution_id} is not a multi-tenant distribution."
        )
    _domains_allowed(world, [str(row["Domain"]).lower() for row in declared.get("Domains", [])], but)
    parameters_allowed(distribution.config, declared.get("Parameters") or [])
    own = ((declared.get("Customizations") or {}).get("Certificate") or {}).get("Arn")
    if own is not None and not ACM.match(own):
        raise invalid("The certificate of a tenant must be one of ACM in us-east-1.")
    if own is None and distribution.config["ViewerCertificate"]["CertificateSource"] == "cloudfront":
        raise invalid("Neither the tenant nor its distribution has a certificate that covers the tenant's domains.")
    return distribution


def _domains_allowed(world: World, domains: list[str], but: Tenant | None) -> None:
    if not domains:
        raise invalid("A distribution tenant needs at least one domain.")
    if len(domains) > DOMAINS:
        raise AwsRefusal("EntityLimitExceeded", f"At most {DOMAINS} domains in a distribution tenant.")
    if len(set(domains)) < len(domains) or not all(HOST.fullmatch(one.removeprefix("*.")) for one in domains):
        raise invalid("The domains of a tenant are different domain names.")
    taken = {one for tenant in world.cloudfront.tenants.values() if tenant is not but for one in tenant.domains}
    for distribution in world.cloudfront.distributions.values():
        taken |= {alias.lower() for alias in distribution.config["Aliases"].get("Items") or []}
    if taken & set(domains):
        message = "One or more of the domains you provided are already associated with a different resource."
        raise AwsRefusal("CNAMEAlreadyExists", message)


def _answer(world: World, tenant: Tenant) -> dict[str, Any]:
    return {"DistributionTenant": _shown(world, tenant), "ETag": tenant.etag}


def _shown(world: World, tenant: Tenant) -> dict[str, Any]:
    return {
        "Id": tenant.id,
        "DistributionId": tenant.distribution_id,
        "Name": tenant.name,
        "Arn": tenant.arn,
        **tenant.declared,
        "Domains": [{"Domain": one, "Status": "active"} for one in tenant.domains],
        "ConnectionGroupId": tenant.group_id,
        "CreatedTime": tenant.created,
        "LastModifiedTime": tenant.modified,
        "Enabled": tenant.enabled,
        "Status": status(world, tenant),
    }
