"""Multi-tenant distributions, their tenants and connection groups: kept as declared, refused as AWS refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.aws.conftest import Aws, code_of, until
from tests.sandbox.aws.declared import OPTIMIZED, distribution, listed, origin, parameter, shared

Fresh = Callable[[str], str]


@pytest.fixture(scope="module")
def cell(cloudfront: Any) -> str:
    """A distribution for tenants."""
    return str(cloudfront.create_distribution(DistributionConfig=shared("cell"))["Distribution"]["Id"])


def tenant(cell: str, name: str, **changes: Any) -> dict[str, Any]:
    """CreateDistributionTenant's parameters."""
    domains = [{"Domain": f"{name}.weddings.example"}]
    parameters = [{"Name": "home", "Value": "us-east-1"}]
    return {"DistributionId": cell, "Name": name, "Domains": domains, "Parameters": parameters, **changes}


def refused(call: Callable[..., Any], **given: Any) -> str:
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as error:
        call(**given)
    return code_of(error)[0]


def test_a_tenants_life(own_aws: Aws) -> None:
    """Created with the default connection group, changed in part, found by id, name and domain; deleted last of all."""
    cloudfront = own_aws.client("cloudfront")
    cell = cloudfront.create_distribution(DistributionConfig=shared("own"))["Distribution"]["Id"]
    made = cloudfront.create_distribution_tenant(**tenant(cell, "ubud", Tags={"Items": [{"Key": "a", "Value": "1"}]}))
    live, etag = made["DistributionTenant"], made["ETag"]
    group = cloudfront.get_connection_group(Identifier=live["ConnectionGroupId"])["ConnectionGroup"]
    assert (group["IsDefault"], group["RoutingEndpoint"].endswith(".cloudfront.net")) == (True, True)
    assert cloudfront.list_tags_for_resource(Resource=live["Arn"])["Tags"]["Items"] == [{"Key": "a", "Value": "1"}]
    asked = [cloudfront.get_distribution_tenant(Identifier=one) for one in (live["Id"], "ubud", live["Arn"])]
    asked.append(cloudfront.get_distribution_tenant_by_domain(Domain="ubud.weddings.example"))
    assert {one["DistributionTenant"]["Id"] for one in asked} == {live["Id"]}
    assert refused(cloudfront.delete_distribution_tenant, Id=live["Id"], IfMatch=etag) == "ResourceNotDisabled"
    changed = cloudfront.update_distribution_tenant(
        Id=live["Id"], IfMatch=etag, Parameters=[{"Name": "home", "Value": "eu-west-1"}], Enabled=False
    )
    assert changed["DistributionTenant"]["Domains"] == [{"Domain": "ubud.weddings.example", "Status": "active"}]
    told = own_aws.edge()
    assert told is not None
    (shown,) = told["tenants"]
    assert (shown["parameters"], shown["enabled"], shown["domains"]) == (
        {"home": "eu-west-1"},
        False,
        ["ubud.weddings.example"],
    )
    assert refused(cloudfront.delete_distribution_tenant, Id=live["Id"], IfMatch=etag) == "PreconditionFailed"
    until(lambda: cloudfront.get_distribution_tenant(Identifier="ubud")["DistributionTenant"]["Status"] == "Deployed")
    in_use = cloudfront.update_distribution(
        Id=cell,
        IfMatch=cloudfront.get_distribution_config(Id=cell)["ETag"],
        DistributionConfig=shared("own", Enabled=False),
    )
    until(lambda: cloudfront.get_distribution(Id=cell)["Distribution"]["Status"] == "Deployed")
    assert refused(cloudfront.delete_distribution, Id=cell, IfMatch=in_use["ETag"]) == "ResourceInUse"
    cloudfront.delete_distribution_tenant(Id=live["Id"], IfMatch=changed["ETag"])
    assert cloudfront.list_distribution_tenants()["DistributionTenantList"] == []
    cloudfront.delete_distribution(Id=cell, IfMatch=in_use["ETag"])


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Parameters": []}, "InvalidArgument"),
        ({"Parameters": [{"Name": "other", "Value": "x"}]}, "InvalidArgument"),
        ({"Parameters": [{"Name": "home", "Value": "x" * 257}]}, "InvalidArgument"),
        ({"Domains": []}, "InvalidArgument"),
        ({"Domains": [{"Domain": "not a name"}]}, "InvalidArgument"),
        ({"Domains": [{"Domain": "taken.weddings.example"}]}, "CNAMEAlreadyExists"),
        ({"Domains": [{"Domain": f"n{n}.weddings.example"} for n in range(101)]}, "EntityLimitExceeded"),
        ({"DistributionId": "E0"}, "EntityNotFound"),
        ({"ConnectionGroupId": "cg_0"}, "EntityNotFound"),
        ({"Customizations": {"Certificate": {"Arn": "arn:aws:acm:eu-west-1:1:certificate/1"}}}, "InvalidArgument"),
        ({"Name": "x"}, "InvalidArgument"),
        ({"Name": "taken"}, "EntityAlreadyExists"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_what_aws_refuses_of_a_tenant(cloudfront: Any, cell: str, fresh: Fresh, changes: Any, code: str) -> None:
    """Each with its code, and nothing is kept."""
    known = [row["Name"] for row in cloudfront.list_distribution_tenants()["DistributionTenantList"]]
    if "taken" not in known:
        cloudfront.create_distribution_tenant(**tenant(cell, "taken"))
    before = cloudfront.list_distribution_tenants()["DistributionTenantList"]
    assert refused(cloudfront.create_distribution_tenant, **{**tenant(cell, fresh("refused")), **changes}) == code
    assert len(cloudfront.list_distribution_tenants()["DistributionTenantList"]) == len(before)


def test_tenants_need_a_distribution_for_tenants(cloudfront: Any, fresh: Fresh) -> None:
    """A standard distribution takes none, and its mode cannot be changed."""
    made = cloudfront.create_distribution(DistributionConfig=distribution(fresh("ref"), OPTIMIZED))
    known = made["Distribution"]["Id"]
    given = tenant(known, fresh("lost"))
    assert refused(cloudfront.create_distribution_tenant, **given) == "InvalidAssociation"
    reference = made["Distribution"]["DistributionConfig"]["CallerReference"]
    update = {"Id": known, "IfMatch": made["ETag"], "DistributionConfig": shared(reference)}
    assert refused(cloudfront.update_distribution, **update) == "IllegalUpdate"


@pytest.mark.parametrize(
    "changes",
    [
        {"PriceClass": "PriceClass_100"},
        {"Aliases": listed("a.weddings.example")},
        {"IsIPV6Enabled": True},
        {"Staging": True},
        {"TenantConfig": {"ParameterDefinitions": []}},
        {"TenantConfig": {"ParameterDefinitions": [parameter("home"), parameter("home")]}},
        {"TenantConfig": {"ParameterDefinitions": [parameter("home"), *(parameter(f"p{n}") for n in range(5))]}},
        {"Origins": listed(origin("home", DomainName="{{a}}-{{b}}-{{home}}.weddings.example"))},
        {"ConnectionMode": "direct"},
    ],
    ids=["price", "aliases", "ipv6", "staging", "undefined", "twice", "six", "three-in-a-field", "direct"],
)
def test_what_a_distribution_for_tenants_cannot_have(cloudfront: Any, fresh: Fresh, changes: Any) -> None:
    """Features that AWS lists as unsupported, and parameters that nobody defined, are refused."""
    given = shared(fresh("ref"), **changes)
    assert refused(cloudfront.create_distribution, DistributionConfig=given) == "InvalidArgument"


def test_connection_groups(cloudfront: Any, cell: str, fresh: Fresh) -> None:
    """One with tenants, one that is enabled and the default one stay; an unused, disabled one can be deleted."""
    label = fresh("group")
    made = cloudfront.create_connection_group(Name=label)
    group, etag = made["ConnectionGroup"], made["ETag"]
    assert refused(cloudfront.create_connection_group, Name=label) == "EntityAlreadyExists"
    endpoint = group["RoutingEndpoint"]
    found = cloudfront.get_connection_group_by_routing_endpoint(RoutingEndpoint=endpoint)["ConnectionGroup"]
    assert (found["Id"], group["Ipv6Enabled"], group["IsDefault"]) == (group["Id"], True, False)
    lodger = cloudfront.create_distribution_tenant(**tenant(cell, fresh("lodger"), ConnectionGroupId=group["Id"]))
    listed_ids = [
        row["Id"]
        for row in cloudfront.list_distribution_tenants(AssociationFilter={"ConnectionGroupId": group["Id"]})[
            "DistributionTenantList"
        ]
    ]
    assert listed_ids == [lodger["DistributionTenant"]["Id"]]
    in_use = "CannotDeleteEntityWhileInUse"
    assert refused(cloudfront.delete_connection_group, Id=group["Id"], IfMatch=etag) == in_use
    free = cloudfront.create_connection_group(Name=fresh("free"))
    known = free["ConnectionGroup"]["Id"]
    assert refused(cloudfront.delete_connection_group, Id=known, IfMatch=free["ETag"]) == "ResourceNotDisabled"
    off = cloudfront.update_connection_group(Id=known, IfMatch=free["ETag"], Enabled=False)
    until(lambda: cloudfront.get_connection_group(Identifier=known)["ConnectionGroup"]["Status"] == "Deployed")
    cloudfront.delete_connection_group(Id=known, IfMatch=off["ETag"])
    assert refused(cloudfront.get_connection_group, Identifier=known) == "EntityNotFound"


def test_an_invalidation_of_one_tenant(cloudfront: Any, cell: str, fresh: Fresh, aws: Aws) -> None:
    """It reaches the POPs under the tenant's id; tags are refused where the distribution has no tag header."""
    made = cloudfront.create_distribution_tenant(**tenant(cell, fresh("purged")))["DistributionTenant"]["Id"]
    batch = {"Paths": listed("/*"), "CallerReference": fresh("purge")}
    sent = cloudfront.create_invalidation_for_distribution_tenant(Id=made, InvalidationBatch=batch)["Invalidation"]
    told = aws.edge(after=0)
    assert told is not None
    assert [one["owner"] for one in told["invalidations"] if one["id"] == sent["Id"]] == [made]
    shown = cloudfront.get_invalidation_for_distribution_tenant(DistributionTenantId=made, Id=sent["Id"])
    assert shown["Invalidation"]["InvalidationBatch"] == batch
    rows = cloudfront.list_invalidations_for_distribution_tenant(Id=made)["InvalidationList"]["Items"]
    assert [row["Id"] for row in rows] == [sent["Id"]]
    tagged = {"Paths": listed("#wedding:ubud"), "CallerReference": fresh("tagged")}
    call = cloudfront.create_invalidation_for_distribution_tenant
    assert refused(call, Id=made, InvalidationBatch=tagged) == "InvalidArgument"
