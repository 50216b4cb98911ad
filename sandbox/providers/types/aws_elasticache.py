"""ElastiCache parameter groups, in a region of their own, and the tags of ElastiCache resources.

Source of facts: botocore's ElastiCache model; force-new from terraform-provider-aws' documentation of
aws_elasticache_parameter_group.
"""

from __future__ import annotations

from typing import Any

from sandbox.providers.project import Rules
from sandbox.providers.row import Ask, Properties, Type
from sandbox.providers.schema import load
from sandbox.providers.translate import to_api
from sandbox.providers.types.aws_tags import pairs

PARAMETERS = "aws:elasticache/parameterGroup:ParameterGroup"
AT_ONCE = 20  # parameters a ModifyCacheParameterGroup or ResetCacheParameterGroup call takes


def client_of(ask: Ask) -> Any:
    """ElastiCache in the resource's own region."""
    return ask.vendors.aws("elasticache", ask.region)


def tags_of(ask: Ask, arn: str) -> dict[str, Any]:
    """`tags` and `tagsAll`; nothing is asked where none were ever declared."""
    if not (ask.inputs.get("tags") or ask.state.get("tags") or ask.old.get("tags")):
        return {"tags": {}, "tagsAll": {}}
    tags = {
        tag["Key"]: tag.get("Value", "") for tag in client_of(ask).list_tags_for_resource(ResourceName=arn)["TagList"]
    }
    return {"tags": tags, "tagsAll": tags}


def sync_tags(ask: Ask, arn: str) -> None:
    """Write what changed between the old and the new inputs."""
    wanted, before = ask.inputs.get("tags", {}), ask.old.get("tags", {})
    if surplus := sorted(set(before) - set(wanted)):
        client_of(ask).remove_tags_from_resource(ResourceName=arn, TagKeys=surplus)
    if changed := {key: value for key, value in wanted.items() if before.get(key) != value}:
        client_of(ask).add_tags_to_resource(ResourceName=arn, Tags=pairs(changed))


# Parameter groups ----------------------------------------------------------------------------------------------------


def _create_parameters(ask: Ask) -> str:
    wanted = to_api(load(PARAMETERS).inputs, ask.inputs)
    answer = client_of(ask).create_cache_parameter_group(**wanted, Tags=pairs(ask.inputs.get("tags", {})))
    return str(answer["CacheParameterGroup"]["CacheParameterGroupName"])


def _described_parameters(ask: Ask, identity: str) -> Any:
    return client_of(ask).describe_cache_parameter_groups(CacheParameterGroupName=identity)["CacheParameterGroups"][0]


def _find_parameters(ask: Ask) -> str | None:
    return str(_described_parameters(ask, ask.inputs["name"])["CacheParameterGroupName"])


def _finish_parameters(ask: Ask, identity: str) -> None:
    """Set what is declared and reset what no longer is, twenty at a time."""
    client = client_of(ask)
    wanted = {one["name"]: one["value"] for one in ask.inputs.get("parameters", [])}
    before = {one["name"]: one["value"] for one in ask.old.get("parameters", [])}
    dropped = [{"ParameterName": name, "ParameterValue": before[name]} for name in sorted(set(before) - set(wanted))]
    setting = [
        {"ParameterName": name, "ParameterValue": value}
        for name, value in sorted(wanted.items())
        if before.get(name) != value
    ]
    for start in range(0, len(dropped), AT_ONCE):
        client.reset_cache_parameter_group(
            CacheParameterGroupName=identity, ParameterNameValues=dropped[start : start + AT_ONCE]
        )
    for start in range(0, len(setting), AT_ONCE):
        client.modify_cache_parameter_group(
            CacheParameterGroupName=identity, ParameterNameValues=setting[start : start + AT_ONCE]
        )
    if ask.old:
        sync_tags(ask, _described_parameters(ask, identity)["ARN"])


def _read_parameters(ask: Ask, identity: str) -> Properties:
    live = _described_parameters(ask, identity)
    pages = client_of(ask).get_paginator("describe_cache_parameters")
    found = [
        {"name": one["ParameterName"], "value": one["ParameterValue"]}
        for page in pages.paginate(CacheParameterGroupName=identity, Source="user")
        for one in page["Parameters"]
        if "ParameterValue" in one
    ]
    return {
        "name": identity,
        "family": live["CacheParameterGroupFamily"],
        "description": live["Description"],
        "parameters": found,
        "region": ask.region,
        "arn": live["ARN"],
        **tags_of(ask, live["ARN"]),
    }


def _update_parameters(ask: Ask, identity: str) -> None:
    """Everything that can change is written by `finish`."""


def _delete_parameters(ask: Ask, identity: str) -> None:
    client_of(ask).delete_cache_parameter_group(CacheParameterGroupName=identity)


ROWS = (
    Type(
        token=PARAMETERS,
        create=_create_parameters,
        find=_find_parameters,
        finish=_finish_parameters,
        read=_read_parameters,
        update=_update_parameters,
        delete=_delete_parameters,
        autoname="name",
        name_limit=255,
        lower_name=True,
        force_new=frozenset({"name", "family", "description", "region"}),
        fill={"description": "Managed by Pulumi"},
        rules=Rules(sets=frozenset({"parameters"}), computed=frozenset({"region"})),
    ),
)
