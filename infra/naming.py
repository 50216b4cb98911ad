"""Physical names and tags, with the vendors' length rules."""

from __future__ import annotations

import re

TAG_PROJECT = "wedcache"
HYPHENATED = r"[a-z](-?[a-z0-9])*"
BEARINGS = {"northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw"}


def cache_group(stack: str, tier: str, region: str) -> str:
    """The id of a replication group: 1 to 40 lower-case letters, digits and single hyphens (ElastiCache)."""
    return _checked(f"wedcache-{stack}-{tier}-{_short(region)}", 40, HYPHENATED)


def parameter_group(stack: str, region: str) -> str:
    """The name of a cache parameter group: up to 255 characters."""
    return _checked(f"wedcache-{stack}-{_short(region)}", 255, HYPHENATED)


def edge_name(stack: str, what: str) -> str:
    """A CloudFront policy, function or key value store: up to 64 letters, digits, hyphens and underscores."""
    return _checked(f"wedcache-{stack}-{what}", 64, r"[A-Za-z0-9_-]+")


def bucket(prefix: str, region: str) -> str:
    """A bucket: 3 to 63 lower-case letters, digits and hyphens, and none of the prefixes that S3 keeps for itself."""
    return _checked(f"{prefix}-{region}", 63, r"(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]+[a-z0-9]")


def origin_host(region: str, zone: str) -> str:
    """The public name of a region's origin."""
    return f"{region}.origin.{zone}"


def tags(stack: str, scope: str) -> dict[str, str]:
    """The tags that every AWS resource carries, explicitly: provider-wide default tags never reach the inputs."""
    return {"project": TAG_PROJECT, "stack": stack, "scope": scope}


def _short(region: str) -> str:
    """`eu-central-1` -> `euc1`, `ap-southeast-2` -> `apse2`: no two regions share a short name."""
    continent, *middle, number = region.split("-")
    return continent + "".join(BEARINGS.get(part, part[:1]) for part in middle) + number


def _checked(name: str, longest: int, pattern: str) -> str:
    if len(name) > longest or not re.fullmatch(pattern, name):
        raise ValueError(f"{name!r} cannot be a physical name: at most {longest} characters of {pattern}")
    return name
