"""Cache parameter groups: create, describe, modify, reset, delete, and the parameters in them."""

from __future__ import annotations

from typing import Any

from sandbox.aws.elasticache.checks import invalid_value, named, page, tags_of
from sandbox.aws.elasticache.families import FAMILIES, PARAMETERS, fits
from sandbox.aws.elasticache.state import ParameterGroup, Region
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 150
AT_ONCE = 20


def found(world: World, region: str, name: str) -> ParameterGroup:
    """The group of that name, a default one included. Refuses with CacheParameterGroupNotFound."""
    lower = name.lower()
    kept = world.elasticache[region].parameter_groups.get(lower) or _defaults(world, region).get(lower)
    if kept is None:
        raise AwsRefusal("CacheParameterGroupNotFound", f"CacheParameterGroup not found: {name}")
    return kept


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateCacheParameterGroup."""
    region = world.elasticache[call.region]
    name = named(call["CacheParameterGroupName"], "CacheParameterGroupName", 255)
    family = call["CacheParameterGroupFamily"]
    if family not in FAMILIES:
        raise invalid_value(f"CacheParameterGroupFamily {family} is not a valid parameter group family.")
    if name in region.parameter_groups:
        raise AwsRefusal("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists")
    if len(region.parameter_groups) >= QUOTA:
        raise AwsRefusal("CacheParameterGroupQuotaExceeded", f"At most {QUOTA} parameter groups in a region.")
    group = ParameterGroup(name, family, call["Description"], _arn(world, call.region, name))
    region.parameter_groups[name] = group
    region.tags[group.arn] = tags_of(call)
    return {"CacheParameterGroup": _shown(group)}


def describe(world: World, call: Call) -> dict[str, Any]:
    """DescribeCacheParameterGroups."""
    if "CacheParameterGroupName" in call.parameters:
        return {"CacheParameterGroups": [_shown(found(world, call.region, call["CacheParameterGroupName"]))]}
    kept = {**_defaults(world, call.region), **world.elasticache[call.region].parameter_groups}
    return page([(name, _shown(group)) for name, group in kept.items()], call, "CacheParameterGroups")


def modify(world: World, call: Call) -> dict[str, Any]:
    """ModifyCacheParameterGroup: at most 20 parameters at once, each of the family and in its range."""
    group = _own(world, call)
    pairs = call["ParameterNameValues"]
    if not 1 <= len(pairs) <= AT_ONCE:
        raise invalid_value(f"Between 1 and {AT_ONCE} parameters can be modified at once.")
    values = {pair["ParameterName"]: pair.get("ParameterValue", "") for pair in pairs}
    for name, value in values.items():
        parameter = PARAMETERS.get(name)
        if parameter is None:
            raise invalid_value(f"Parameter {name} doesn't exist in the family {group.family}")
        if not fits(parameter, value):
            raise invalid_value(f"The value {value!r} of {name} is not one of {parameter.allowed}")
    group.values.update(values)
    return {"CacheParameterGroupName": group.name}


def reset(world: World, call: Call) -> dict[str, Any]:
    """ResetCacheParameterGroup: the named parameters, or all of them, back to the family's defaults."""
    group = _own(world, call)
    if call.get("ResetAllParameters"):
        group.values.clear()
    names = [pair["ParameterName"] for pair in call.get("ParameterNameValues") or []]
    if not names and not call.get("ResetAllParameters"):
        raise invalid_value("Name the parameters to reset, or set ResetAllParameters.")
    for name in names:
        if name not in PARAMETERS:
            raise invalid_value(f"Parameter {name} doesn't exist in the family {group.family}")
        group.values.pop(name, None)
    return {"CacheParameterGroupName": group.name}


def delete(world: World, call: Call) -> None:
    """DeleteCacheParameterGroup: refused while a replication group uses it."""
    group = _own(world, call)
    region: Region = world.elasticache[call.region]
    users = [
        user.id for user in region.replication_groups.values() if user.settings["CacheParameterGroupName"] == group.name
    ]
    if users:
        message = f"One or more cache clusters are still members of this parameter group {group.name}: {users}"
        raise AwsRefusal("InvalidCacheParameterGroupState", message)
    del region.parameter_groups[group.name]
    region.tags.pop(group.arn, None)


def describe_parameters(world: World, call: Call) -> dict[str, Any]:
    """DescribeCacheParameters, by source if asked ("user", "system", "engine-default")."""
    group = found(world, call.region, call["CacheParameterGroupName"])
    rows = []
    for name, parameter in PARAMETERS.items():
        source = "user" if name in group.values else "system"
        if call.get("Source", source) != source:
            continue
        shown = {
            "ParameterName": name,
            "ParameterValue": group.values.get(name, parameter.value),
            "Source": source,
            "DataType": parameter.type,
            "AllowedValues": parameter.allowed,
            "IsModifiable": True,
            "MinimumEngineVersion": "7.2.6" if group.family.startswith("valkey") else "6.0.5",
            "ChangeType": parameter.change,
        }
        rows.append((name, shown))
    return page(rows, call, "Parameters")


def _own(world: World, call: Call) -> ParameterGroup:
    group = found(world, call.region, call["CacheParameterGroupName"])
    if group.name.startswith("default."):
        raise AwsRefusal("InvalidCacheParameterGroupState", f"The default group {group.name} cannot be changed.")
    return group


def _defaults(world: World, region: str) -> dict[str, ParameterGroup]:
    made = {}
    for family in FAMILIES:
        for suffix, values in (("", {}), (".cluster.on", {"cluster-enabled": "yes"})):
            name = f"default.{family}{suffix}"
            description = f"Default parameter group for {family}" + (" with cluster mode enabled" if suffix else "")
            made[name] = ParameterGroup(name, family, description, _arn(world, region, name), dict(values))
    return made


def _arn(world: World, region: str, name: str) -> str:
    return f"arn:aws:elasticache:{region}:{world.account}:parametergroup:{name}"


def _shown(group: ParameterGroup) -> dict[str, Any]:
    return {
        "CacheParameterGroupName": group.name,
        "CacheParameterGroupFamily": group.family,
        "Description": group.description,
        "IsGlobal": False,
        "ARN": group.arn,
    }
