"""Tags on CloudFront resources: read as `tags` and `tagsAll`, written only where they differ."""

from __future__ import annotations

from typing import Any

from sandbox.providers.row import Ask


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    """AWS's list form of a tag map, in the order of the keys."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def cloudfront_tags(ask: Ask, arn: str) -> dict[str, Any]:
    """`tags` and `tagsAll` of a resource; nothing is asked where none were declared and none are known."""
    if not (ask.inputs.get("tags") or ask.state.get("tags") or ask.old.get("tags")):
        return {"tags": {}, "tagsAll": {}}
    listed = ask.vendors.aws("cloudfront").list_tags_for_resource(Resource=arn)["Tags"].get("Items", [])
    tags = {tag["Key"]: tag.get("Value", "") for tag in listed}
    return {"tags": tags, "tagsAll": tags}


def sync_cloudfront_tags(ask: Ask, arn: str) -> None:
    """Make the tags those of the inputs; says nothing to the vendor when neither old nor new inputs have any."""
    wanted = ask.inputs.get("tags", {})
    if not wanted and not ask.old.get("tags"):
        return
    client = ask.vendors.aws("cloudfront")
    listed = client.list_tags_for_resource(Resource=arn)["Tags"].get("Items", [])
    live = {tag["Key"]: tag.get("Value", "") for tag in listed}
    if surplus := sorted(set(live) - set(wanted)):
        client.untag_resource(Resource=arn, TagKeys={"Items": surplus})
    if changed := {key: value for key, value in wanted.items() if live.get(key) != value}:
        client.tag_resource(Resource=arn, Tags={"Items": pairs(changed)})
