"""What an operation touches: `wedding:ID`, `vendor:ID`, `region:NAME`, `platform` or `resource:URN`."""

from __future__ import annotations

import enum
from dataclasses import dataclass

WEDDINGS_PROJECT = "wedcache-weddings"  # one Pulumi stack per wedding, named as the wedding
_REGIONAL_TYPES = ("aws:elasticache/",)  # a tier's cache in one region can be drained; the rest of the platform cannot


class NotAScope(ValueError):
    """The text names no scope; the message says which forms there are."""


class Reach(enum.Enum):
    """How far a scope reaches: the wedding's own, what several share, one region's share, or what all share."""

    WEDDING = "wedding"
    VENDOR = "vendor"
    REGION = "region"
    GLOBAL = "global"


@dataclass(frozen=True)
class Scope:
    """`text` as it was written; `name` is the wedding's id, the vendor's, or the region's (empty for `GLOBAL`)."""

    text: str
    reach: Reach
    name: str = ""

    def __str__(self) -> str:
        return self.text


def wedding(wedding_id: str) -> Scope:
    """The scope of one wedding."""
    return Scope(f"wedding:{wedding_id}", Reach.WEDDING, wedding_id)


def parse_scope(text: str) -> Scope:
    """The scope that `text` names. Raises NotAScope."""
    kind, _, name = text.partition(":")
    if text == "platform":
        return Scope(text, Reach.GLOBAL)
    if name and kind in ("wedding", "vendor", "region"):
        return Scope(text, Reach(kind), name)
    if name and kind == "resource":
        return _resource(text, name)
    forms = "wedding:ID, vendor:ID, region:NAME, platform, resource:URN"
    raise NotAScope(f"{text!r} is not a scope; write one of {forms}")


def of_stack(project: str, stack: str) -> Scope:
    """The scope of a whole stack: a wedding's own, or what all share."""
    if project == WEDDINGS_PROJECT:
        return wedding(stack)
    return Scope("platform", Reach.GLOBAL)


def of_resource(urn: str, region: str | None = None) -> Scope:
    """The scope of one resource; `region` is the one that it lives in, where the caller knows it. Raises NotAScope.

    Only a regional cache of the shared stack is one region's share; anything else there serves all regions.
    """
    scope = _resource(f"resource:{urn}", urn)
    if region and scope.reach is Reach.GLOBAL and urn_type(urn).startswith(_REGIONAL_TYPES):
        return Scope(scope.text, Reach.REGION, region)
    return scope


def urn_type(urn: str) -> str:
    """The type token of a URN, without its parents: `aws:s3/bucket:Bucket`. Raises NotAScope."""
    return _urn_parts(urn)[2].rsplit("$", 1)[-1]


def _resource(text: str, urn: str) -> Scope:
    stack, project, _ = _urn_parts(urn)
    if project == WEDDINGS_PROJECT:
        return Scope(text, Reach.WEDDING, stack)
    return Scope(text, Reach.GLOBAL)


def _urn_parts(urn: str) -> tuple[str, str, str]:
    # urn:pulumi:<stack>::<project>::<type>::<name>; a name may hold `::` itself.
    parts = urn.split("::", 3)
    if len(parts) != 4 or not parts[0].startswith("urn:pulumi:") or not all(parts):
        raise NotAScope(f"{urn!r} is not a Pulumi URN: urn:pulumi:STACK::PROJECT::TYPE::NAME")
    return parts[0].removeprefix("urn:pulumi:"), parts[1], parts[2]
