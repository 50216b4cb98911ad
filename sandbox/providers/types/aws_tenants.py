"""Multi-tenant distributions, their tenants, and connection groups.

Source of facts: botocore's model; names, defaults and the order of a delete (disable, wait, delete) from
terraform-provider-aws' documentation of aws_cloudfront_multitenant_distribution, aws_cloudfront_distribution_tenant
and aws_cloudfront_connection_group. The distribution has no cache tags, no price class and no logging there: an update
writes the whole configuration, without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import from_api, to_api
from sandbox.providers.types import aws_distribution as standard
from sandbox.providers.types.aws_policies import SETS
from sandbox.providers.types.aws_tags import cloudfront_tags, pairs, sync_cloudfront_tags
from sandbox.providers.waiting import wait_until

DISTRIBUTION = "aws:cloudfront/multitenantDistribution:MultitenantDistribution"
TENANT = "aws:cloudfront/distributionTenant:DistributionTenant"
GROUP = "aws:cloudfront/connectionGroup:ConnectionGroup"

DEFAULTS: dict[str, Any] = {
    "httpVersion": "http2",
    "origins.connectionAttempts": 3,
    "origins.connectionTimeout": 10,
    "origins.customOriginConfigs.originKeepaliveTimeout": 5,
    "origins.customOriginConfigs.originReadTimeout": 30,
    "origins.customOriginConfigs.ipAddressType": "ipv4",
    "viewerCertificate.minimumProtocolVersion": "TLSv1",
    "customErrorResponses.errorCachingMinTtl": 10,
    "restrictions.geoRestriction.restrictionType": "none",
}
COMPUTED = frozenset(
    {
        "activeTrustedKeyGroups",
        "origins.originShields",
        "viewerCertificate.sslSupportMethod",
        "viewerCertificate.cloudfrontDefaultCertificate",
        "defaultCacheBehavior.trustedKeyGroups",
        "cacheBehaviors.trustedKeyGroups",
    }
)
WAITING: dict[str, Any] = {"enabled": True, "waitForDeployment": True}


def _tags(ask: Ask) -> dict[str, Any]:
    tags = ask.inputs.get("tags") or {}
    return {"Tags": {"Items": pairs(tags)}} if tags else {}


# Multi-tenant distributions ------------------------------------------------------------------------------------------


def _config(inputs: Mapping[str, Any], caller_reference: str) -> dict[str, Any]:
    return {
        **to_api(load(DISTRIBUTION).inputs, inputs),
        "CallerReference": caller_reference,
        "ConnectionMode": "tenant-only",
    }


def _create_distribution(ask: Ask) -> str:
    config = {"DistributionConfig": _config(ask.inputs, standard.caller_reference(ask)), "Tags": {"Items": []}}
    answer = ask.vendors.aws("cloudfront").create_distribution_with_tags(
        DistributionConfigWithTags={**config, **_tags(ask)}
    )
    return str(answer["Distribution"]["Id"])


def _read_distribution(ask: Ask, identity: str) -> Properties:
    answer = ask.vendors.aws("cloudfront").get_distribution(Id=identity)
    live = answer["Distribution"]
    config = live["DistributionConfig"]
    return {
        **from_api(load(DISTRIBUTION).inputs, config),
        "arn": live["ARN"],
        "callerReference": config["CallerReference"],
        "connectionMode": config["ConnectionMode"],
        "domainName": live["DomainName"],
        "etag": answer["ETag"],
        "inProgressInvalidationBatches": live.get("InProgressInvalidationBatches", 0),
        "lastModifiedTime": live["LastModifiedTime"].isoformat(),
        "status": live["Status"],
        **cloudfront_tags(ask, live["ARN"]),
    }


def _update_distribution(ask: Ask, identity: str) -> None:
    client = ask.vendors.aws("cloudfront")
    live = client.get_distribution_config(Id=identity)
    config = _config(ask.inputs, live["DistributionConfig"]["CallerReference"])
    updated = client.update_distribution(Id=identity, IfMatch=live["ETag"], DistributionConfig=config)
    sync_cloudfront_tags(ask, updated["Distribution"]["ARN"])
    standard.wait_deployed(ask, identity)


# Tenants and connection groups ---------------------------------------------------------------------------------------


def _wait(ask: Ask, noun: str, verb: str, identity: str) -> None:
    get = getattr(ask.vendors.aws("cloudfront"), f"get_{verb}")
    wait_until(
        lambda: get(Identifier=identity)[noun]["Status"],
        lambda status: status == "Deployed",
        ask.timeout,
        f"{noun} {identity} is Deployed",
    )


def _finish(noun: str, verb: str) -> Any:
    def finish(ask: Ask, identity: str) -> None:
        if ask.inputs.get("waitForDeployment", True):
            _wait(ask, noun, verb, identity)

    return finish


def _find(noun: str, verb: str) -> Any:
    def find(ask: Ask) -> str | None:
        """The one that has our name; the vendor takes a name for an identifier."""
        get = getattr(ask.vendors.aws("cloudfront"), f"get_{verb}")
        return str(get(Identifier=ask.inputs["name"])[noun]["Id"])

    return find


def _delete(noun: str, verb: str) -> Any:
    def delete(ask: Ask, identity: str) -> None:
        """Disable, wait until the POPs know, delete."""
        client = ask.vendors.aws("cloudfront")
        live = getattr(client, f"get_{verb}")(Identifier=identity)
        if live[noun]["Enabled"]:
            getattr(client, f"update_{verb}")(Id=identity, IfMatch=live["ETag"], Enabled=False)
        _wait(ask, noun, verb, identity)
        etag = getattr(client, f"get_{verb}")(Identifier=identity)["ETag"]
        getattr(client, f"delete_{verb}")(Id=identity, IfMatch=etag)

    return delete


def _create_tenant(ask: Ask) -> str:
    given = {**to_api(load(TENANT).inputs, ask.inputs), **_tags(ask)}
    answer = ask.vendors.aws("cloudfront").create_distribution_tenant(**given)
    return str(answer["DistributionTenant"]["Id"])


def _read_tenant(ask: Ask, identity: str) -> Properties:
    answer = ask.vendors.aws("cloudfront").get_distribution_tenant(Identifier=identity)
    live = answer["DistributionTenant"]
    return {
        **from_api(load(TENANT).inputs, live),
        "arn": live["Arn"],
        "etag": answer["ETag"],
        "status": live["Status"],
        **cloudfront_tags(ask, live["Arn"]),
    }


def _update_tenant(ask: Ask, identity: str) -> None:
    client = ask.vendors.aws("cloudfront")
    etag = client.get_distribution_tenant(Identifier=identity)["ETag"]
    given = to_api(load(TENANT).inputs, ask.inputs)
    given.pop("Name", None)
    given.setdefault("Parameters", [])
    updated = client.update_distribution_tenant(Id=identity, IfMatch=etag, **given)
    sync_cloudfront_tags(ask, updated["DistributionTenant"]["Arn"])
    _finish("DistributionTenant", "distribution_tenant")(ask, identity)


def _create_group(ask: Ask) -> str:
    given = {**to_api(load(GROUP).inputs, ask.inputs), **_tags(ask)}
    return str(ask.vendors.aws("cloudfront").create_connection_group(**given)["ConnectionGroup"]["Id"])


def _read_group(ask: Ask, identity: str) -> Properties:
    answer = ask.vendors.aws("cloudfront").get_connection_group(Identifier=identity)
    live = answer["ConnectionGroup"]
    return {
        **from_api(load(GROUP).inputs, live),
        "arn": live["Arn"],
        "etag": answer["ETag"],
        "isDefault": live["IsDefault"],
        "lastModifiedTime": live["LastModifiedTime"].isoformat(),
        "routingEndpoint": live["RoutingEndpoint"],
        "status": live["Status"],
        **cloudfront_tags(ask, live["Arn"]),
    }


def _update_group(ask: Ask, identity: str) -> None:
    client = ask.vendors.aws("cloudfront")
    etag = client.get_connection_group(Identifier=identity)["ETag"]
    given = to_api(load(GROUP).inputs, ask.inputs)
    given.pop("Name", None)
    updated = client.update_connection_group(Id=identity, IfMatch=etag, **given)
    sync_cloudfront_tags(ask, updated["ConnectionGroup"]["Arn"])
    _finish("ConnectionGroup", "connection_group")(ask, identity)


ROWS = (
    Type(
        token=DISTRIBUTION,
        create=_create_distribution,
        find=standard.found_by_reference,
        finish=standard.wait_deployed,
        read=_read_distribution,
        update=_update_distribution,
        delete=standard.deleted,
        fill={"httpVersion": "http2"},
        rules=Rules(sets=SETS, defaults=DEFAULTS, computed=COMPUTED, unreadable=frozenset({"timeouts"})),
        volatile=frozenset({"etag", "lastModifiedTime", "status", "inProgressInvalidationBatches"}),
    ),
    Type(
        token=TENANT,
        create=_create_tenant,
        find=_find("DistributionTenant", "distribution_tenant"),
        finish=_finish("DistributionTenant", "distribution_tenant"),
        read=_read_tenant,
        update=_update_tenant,
        delete=_delete("DistributionTenant", "distribution_tenant"),
        force_new=frozenset({"name"}),
        autoname="name",
        name_limit=128,
        fill=WAITING,
        rules=Rules(
            sets=frozenset({"domains", "parameters", "locations"}),
            computed=frozenset({"connectionGroupId"}),
            unreadable=frozenset({"waitForDeployment", "managedCertificateRequest", "timeouts"}),
        ),
        volatile=frozenset({"etag", "status"}),
    ),
    Type(
        token=GROUP,
        create=_create_group,
        find=_find("ConnectionGroup", "connection_group"),
        finish=_finish("ConnectionGroup", "connection_group"),
        read=_read_group,
        update=_update_group,
        delete=_delete("ConnectionGroup", "connection_group"),
        force_new=frozenset({"name"}),
        autoname="name",
        name_limit=128,
        fill={**WAITING, "ipv6Enabled": True},
        rules=Rules(unreadable=frozenset({"waitForDeployment", "timeouts"})),
        volatile=frozenset({"etag", "lastModifiedTime", "status"}),
    ),
)
