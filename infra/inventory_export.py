"""Writes the inventory as objects that depend on every resource: the only door to the control plane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import s3


def export(
    name: str,
    key: str,
    content: pulumi.Output[str],
    buckets: Mapping[str, pulumi.Input[str]],
    tags: Mapping[str, str],
    depends_on: Sequence[pulumi.Resource],
) -> None:
    """Write `content` under `key` into every bucket (region -> name), so that any one region's loss leaves two."""
    for region, bucket in buckets.items():
        s3.BucketObjectv2(
            f"{name}-{region}",
            bucket=bucket,
            region=region,
            key=key,
            content=content,
            content_type="application/json",
            tags=dict(tags),
            opts=pulumi.ResourceOptions(depends_on=list(depends_on)),
        )
