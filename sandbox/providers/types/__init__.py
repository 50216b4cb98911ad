"""The table of provider types: one row each, by service."""

from __future__ import annotations

from sandbox.providers.row import Type
from sandbox.providers.types import (
    aws_cloudfront,
    aws_distribution,
    aws_elasticache,
    aws_policies,
    aws_replication_group,
    aws_s3,
    aws_s3_object,
    aws_tenants,
    cloudflare_rules,
    cloudflare_steering,
    cloudflare_tokens,
    cloudflare_zone,
)

ROWS: tuple[Type, ...] = (
    *aws_policies.ROWS,
    *aws_cloudfront.ROWS,
    *aws_distribution.ROWS,
    *aws_elasticache.ROWS,
    *aws_replication_group.ROWS,
    *aws_s3.ROWS,
    *aws_s3_object.ROWS,
    *aws_tenants.ROWS,
    *cloudflare_zone.ROWS,
    *cloudflare_rules.ROWS,
    *cloudflare_steering.ROWS,
    *cloudflare_tokens.ROWS,
)


def of_package(package: str) -> dict[str, Type]:
    """Token -> row of one package."""
    return {row.token: row for row in ROWS if row.package == package}
