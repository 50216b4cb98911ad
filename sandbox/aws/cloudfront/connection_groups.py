"""Connection groups: where the viewers of tenants connect to. CloudFront makes a default one with the first tenant.

Source: CloudFront API reference and developer guide, "Create custom connection group"; quotas page.
"""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront.checks import matched, page
from sandbox.aws.cloudfront.deployment import status
from sandbox.aws.cloudfront.state import ConnectionGroup
from sandbox.aws.cloudfront.tags import checked_tags
from sandbox.aws.cloudfront.tenancy_rules import NAME
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 100
DEFAULT_NAME = "CreatedByCloudFront-Default"


def found(world: World, identifier: str) -> ConnectionGroup:
    """The group of that id, name or ARN. Refuses with EntityNotFound."""
    for group in world.cloudfront.connection_groups.values():
        if identifier in (group.id, group.name, group.arn):
            return group
    raise AwsRefusal("EntityNotFound", f"The connection group {identifier} does not exist.")


def default(world: World) -> ConnectionGroup:
    """The account's default group, made now if there is none."""
    for group in world.cloudfront.connection_groups.values():
        if group.default:
            return group
    return _made(world, DEFAULT_NAME, {}, is_default=True)


def create(world: World, call: Call) -> dict[str, Any]:
    """CreateConnectionGroup."""
    name, tags = call["Name"], checked_tags(call.get("Tags"))
    if not NAME.fullmatch(name):
        raise AwsRefusal("InvalidArgument", "The name has 3 to 128 letters, digits, hyphens and dots.")
    if any(group.name == name for group in world.cloudfront.connection_groups.values()):
        raise AwsRefusal("EntityAlreadyExists", f"A connection group named {name} already exists.")
    if len(world.cloudfront.connection_groups) >= QUOTA:
        raise AwsRefusal("EntityLimitExceeded", f"At most {QUOTA} connection groups in an account.")
    group = _made(world, name, call.parameters, is_default=False)
    if tags:
        world.cloudfront.tags[group.arn] = tags
    return {"ConnectionGroup": _shown(world, group), "ETag": group.etag}


def get(world: World, call: Call) -> dict[str, Any]:
    """GetConnectionGroup."""
    group = found(world, call["Identifier"])
    return {"ConnectionGroup": _shown(world, group), "ETag": group.etag}


def get_by_endpoint(world: World, call: Call) -> dict[str, Any]:
    """GetConnectionGroupByRoutingEndpoint."""
    for group in world.cloudfront.connection_groups.values():
        if group.endpoint == call["RoutingEndpoint"]:
            return {"ConnectionGroup": _shown(world, group), "ETag": group.etag}
    raise AwsRefusal("EntityNotFound", "No connection group has that routing endpoint.")


def update(world: World, call: Call) -> dict[str, Any]:
    """UpdateConnectionGroup: what is not given stays."""
    group = found(world, call["Id"])
    matched(call.get("IfMatch"), group.etag)
    group.ipv6 = bool(call.get("Ipv6Enabled", group.ipv6))
    group.enabled = bool(call.get("Enabled", group.enabled))
    group.anycast = call.get("AnycastIpListId", group.anycast)
    group.etag, group.modified = world.names.upper(), world.now()
    group.seq, group.changed_at = world.edge.grow(), world.monotonic()
    return {"ConnectionGroup": _shown(world, group), "ETag": group.etag}


def delete(world: World, call: Call) -> None:
    """DeleteConnectionGroup: only when it is disabled and has no tenants; never the default one."""
    group = found(world, call["Id"])
    matched(call.get("IfMatch"), group.etag)
    if group.default or any(tenant.group_id == group.id for tenant in world.cloudfront.tenants.values()):
        message = "The default connection group, or one with distribution tenants, cannot be deleted."
        raise AwsRefusal("CannotDeleteEntityWhileInUse", message)
    if group.enabled or status(world, group) != "Deployed":
        raise AwsRefusal("ResourceNotDisabled", "The connection group has not been disabled.")
    del world.cloudfront.connection_groups[group.id]
    world.cloudfront.tags.pop(group.arn, None)
    world.edge.grow()


def list_groups(world: World, call: Call) -> dict[str, Any]:
    """ListConnectionGroups."""
    anycast = (call.get("AssociationFilter") or {}).get("AnycastIpListId")
    rows = [
        (group.id, {**_shown(world, group), "ETag": group.etag})
        for group in world.cloudfront.connection_groups.values()
        if anycast in (None, group.anycast)
    ]
    listed = page(rows, call.get("Marker"), call.get("MaxItems"))
    more = {"NextMarker": listed["NextMarker"]} if "NextMarker" in listed else {}
    return {"ConnectionGroups": listed["Items"], **more}


def _made(world: World, name: str, given: dict[str, Any], *, is_default: bool) -> ConnectionGroup:
    group_id = world.names.upper("cg_")
    group = ConnectionGroup(
        id=group_id,
        name=name,
        arn=f"arn:aws:cloudfront::{world.account}:connection-group/{group_id}",
        endpoint=f"{world.names.lower('d', 13)}.cloudfront.net",
        etag=world.names.upper(),
        created=world.now(),
        modified=world.now(),
        seq=world.edge.grow(),
        changed_at=world.monotonic(),
        ipv6=bool(given.get("Ipv6Enabled", True)),
        enabled=bool(given.get("Enabled", True)),
        anycast=given.get("AnycastIpListId", ""),
        default=is_default,
    )
    world.cloudfront.connection_groups[group_id] = group
    return group


def _shown(world: World, group: ConnectionGroup) -> dict[str, Any]:
    return {
        "Id": group.id,
        "Name": group.name,
        "Arn": group.arn,
        "RoutingEndpoint": group.endpoint,
        "CreatedTime": group.created,
        "LastModifiedTime": group.modified,
        "Ipv6Enabled": group.ipv6,
        "AnycastIpListId": group.anycast,
        "Enabled": group.enabled,
        "Status": status(world, group),
        "IsDefault": group.default,
    }
