"""The table of provider types: one row each, by service."""

from __future__ import annotations

from sandbox.providers.row import Type
from sandbox.providers.types import aws_cloudfront

ROWS: tuple[Type, ...] = (*aws_cloudfront.ROWS,)


def of_package(package: str) -> dict[str, Type]:
    """Token -> row of one package."""
    return {row.token: row for row in ROWS if row.package == package}
