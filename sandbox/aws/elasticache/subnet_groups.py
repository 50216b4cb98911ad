"""Cache subnet groups. Ours, because moto's loads all of EC2 to look up subnets that nobody has declared."""

from __future__ import annotations

import re
from typing import Any

from sandbox.aws.elasticache import replication_groups
from sandbox.aws.elasticache.checks import named, page, tags_of
from sandbox.aws.elasticache.state import SubnetGroup
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 150
SUBNETS = 20
SUBNET = re.compile(r"subnet-[0-9a-z]{1,17}")
VPC = "vpc-0123456789abcdef0"
"""The one VPC that every subnet of the sandbox lies in."""


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateCacheSubnetGroup."""
    region = world.elasticache[call.region]
    name = named(call["CacheSubnetGroupName"], "CacheSubnetGroupName", 255)
    if name in region.subnet_groups:
        raise AwsRefusal("CacheSubnetGroupAlreadyExists", f"Cache subnet group {name} already exists.")
    if len(region.subnet_groups) >= QUOTA:
        raise AwsRefusal("CacheSubnetGroupQuotaExceeded", f"At most {QUOTA} cache subnet groups in a region.")
    arn = f"arn:aws:elasticache:{call.region}:{world.account}:subnetgroup:{name}"
    group = SubnetGroup(name, call["CacheSubnetGroupDescription"], arn, _checked(call["SubnetIds"]))
    region.subnet_groups[name] = group
    region.tags[arn] = tags_of(call)
    return {"CacheSubnetGroup": _shown(call.region, group)}


def describe(world: World, call: Call) -> dict[str, Any]:
    """DescribeCacheSubnetGroups."""
    if "CacheSubnetGroupName" in call.parameters:
        return {"CacheSubnetGroups": [_shown(call.region, _found(world, call))]}
    kept = world.elasticache[call.region].subnet_groups
    rows = [(name, _shown(call.region, group)) for name, group in kept.items()]
    return page(rows, call, "CacheSubnetGroups")


def modify(world: World, call: Call) -> dict[str, Any]:
    """ModifyCacheSubnetGroup."""
    group = _found(world, call)
    if "SubnetIds" in call.parameters:
        group.subnets = _checked(call["SubnetIds"])
    group.description = call.get("CacheSubnetGroupDescription", group.description)
    return {"CacheSubnetGroup": _shown(call.region, group)}


def delete(world: World, call: Call) -> None:
    """DeleteCacheSubnetGroup: refused while a replication group lies in it."""
    group = _found(world, call)
    groups = replication_groups.living(world, call.region).values()
    users = [user.id for user in groups if user.settings.get("CacheSubnetGroupName") == group.name]
    if users:
        message = f"Cache subnet group {group.name} is currently in use by a cache cluster of {', '.join(users)}."
        raise AwsRefusal("CacheSubnetGroupInUse", message)
    del world.elasticache[call.region].subnet_groups[group.name]
    world.elasticache[call.region].tags.pop(group.arn, None)


def _found(world: World, call: Call) -> SubnetGroup:
    name = call["CacheSubnetGroupName"]
    group = world.elasticache[call.region].subnet_groups.get(name.lower())
    if group is None:
        raise AwsRefusal("CacheSubnetGroupNotFoundFault", f"Cache subnet group {name} does not exist.")
    return group


def _checked(subnets: list[str]) -> list[str]:
    for subnet in subnets:
        if not SUBNET.fullmatch(subnet):
            raise AwsRefusal("InvalidSubnet", f"The subnet ID {subnet!r} does not exist.")
    if not subnets:
        raise AwsRefusal("InvalidParameterValue", "The parameter SubnetIds must name at least one subnet.")
    if len(subnets) > SUBNETS:
        raise AwsRefusal("CacheSubnetQuotaExceededFault", f"At most {SUBNETS} subnets in a group.")
    return list(dict.fromkeys(subnets))


def _shown(region: str, group: SubnetGroup) -> dict[str, Any]:
    return {
        "CacheSubnetGroupName": group.name,
        "CacheSubnetGroupDescription": group.description,
        "VpcId": VPC,
        "Subnets": [
            {
                "SubnetIdentifier": subnet,
                "SubnetAvailabilityZone": {"Name": f"{region}{'abc'[index % 3]}"},
                "SupportedNetworkTypes": ["ipv4"],
            }
            for index, subnet in enumerate(group.subnets)
        ],
        "ARN": group.arn,
        "SupportedNetworkTypes": ["ipv4"],
    }
