"""What all of ElastiCache's calls have in common: names, pages, tags, refusals."""

from __future__ import annotations

import re
from typing import Any

from sandbox.aws.refusal import AwsRefusal
from sandbox.aws.world import Call

NAME = re.compile(r"[a-z](-?[a-z0-9])*")


def invalid_value(message: str) -> AwsRefusal:
    """ElastiCache's InvalidParameterValue."""
    return AwsRefusal("InvalidParameterValue", message)


def invalid_combination(message: str) -> AwsRefusal:
    """ElastiCache's InvalidParameterCombination."""
    return AwsRefusal("InvalidParameterCombination", message)


def named(name: str, what: str, longest: int) -> str:
    """A name as ElastiCache stores it, in lower case. Refuses one that is not a name."""
    lower = name.lower()
    if not NAME.fullmatch(lower) or len(lower) > longest:
        message = (
            f"The parameter {what} must have 1-{longest} letters, digits or hyphens, begin with a letter, not end with "
            "a hyphen and not contain two hyphens in a row."
        )
        raise invalid_value(message)
    return lower


def page(rows: list[tuple[str, Any]], call: Call, member: str) -> dict[str, Any]:
    """One page of a list: `rows` are (marker, value) in order, at most MaxRecords (20-100) of them."""
    size = call.get("MaxRecords", 100)
    if not 20 <= size <= 100:
        raise invalid_value("The parameter MaxRecords must be between 20 and 100.")
    markers = [marker for marker, _ in rows]
    start = markers.index(call["Marker"]) + 1 if call.get("Marker") in markers else 0
    shown = rows[start : start + size]
    answer: dict[str, Any] = {member: [value for _, value in shown]}
    if start + size < len(rows):
        answer["Marker"] = shown[-1][0]
    return answer


def tags_of(call: Call) -> dict[str, str]:
    """The Tags of a create call as a dictionary."""
    return {tag["Key"]: tag.get("Value") or "" for tag in call.get("Tags") or []}
