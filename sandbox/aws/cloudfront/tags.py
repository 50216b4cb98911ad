"""Tags of distributions, tenants, connection groups, functions and key value stores, by ARN."""

from __future__ import annotations

from typing import Any

from sandbox.aws.cloudfront.checks import invalid
from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call, World

QUOTA = 50


def checked_tags(given: dict[str, Any] | None) -> dict[str, str]:
    """The Tags member of a request as a dictionary. Refuses reserved, empty or too many keys."""
    tags = {tag["Key"]: tag.get("Value") or "" for tag in (given or {}).get("Items") or []}
    if len(tags) > QUOTA:
        raise AwsRefusal("InvalidTagging", f"At most {QUOTA} tags on a resource.")
    for key, value in tags.items():
        if key.lower().startswith("aws:") or not 1 <= len(key) <= 128 or len(value) > 256:
            raise AwsRefusal("InvalidTagging", f"The tag {key!r} is reserved or too long.")
    return tags


def list_tags(world: World, call: Call) -> dict[str, Any]:
    """ListTagsForResource."""
    kept = world.cloudfront.tags.get(_known(world, call["Resource"]), {})
    return {"Tags": {"Items": [{"Key": key, "Value": value} for key, value in kept.items()]}}


def tag(world: World, call: Call) -> None:
    """TagResource."""
    arn = _known(world, call["Resource"])
    fresh = {**world.cloudfront.tags.get(arn, {}), **checked_tags(call["Tags"])}
    if len(fresh) > QUOTA:
        raise AwsRefusal("InvalidTagging", f"At most {QUOTA} tags on a resource.")
    world.cloudfront.tags[arn] = fresh


def untag(world: World, call: Call) -> None:
    """UntagResource."""
    arn = _known(world, call["Resource"])
    for key in call["TagKeys"].get("Items") or []:
        world.cloudfront.tags.get(arn, {}).pop(key, None)


def _known(world: World, arn: str) -> str:
    if not arn.startswith("arn:aws:cloudfront::"):
        raise invalid("The parameter Resource is not the ARN of a CloudFront resource.")
    cloudfront = world.cloudfront
    known = [
        item.arn
        for kept in (
            *(cloudfront.distributions, cloudfront.functions, cloudfront.stores),
            *(cloudfront.connection_groups, cloudfront.tenants),
        )
        for item in kept.values()
    ]
    if arn not in known:
        raise AwsRefusal("NoSuchResource", f"The resource {arn} does not exist.")
    return arn
