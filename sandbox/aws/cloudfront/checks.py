"""What all of CloudFront's calls have in common: If-Match, pages, names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sandbox.aws.refusal import AwsRefusal

NAME = re.compile(r"[A-Za-z0-9-_]{1,64}")


def matched(if_match: str | None, etag: str) -> None:
    """Hold a change to the version that the caller has read (400 without If-Match, 412 for another version)."""
    if not if_match:
        raise AwsRefusal(
            "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.", status=400
        )
    if if_match.strip('"') != etag:
        message = "The request failed because it didn't meet the preconditions in one or more request-header fields."
        raise AwsRefusal("PreconditionFailed", message, status=412)


def invalid(message: str) -> AwsRefusal:
    """CloudFront's InvalidArgument."""
    return AwsRefusal("InvalidArgument", message)


def page(items: Sequence[tuple[str, Any]], marker: str | None, max_items: Any, limit: int = 100) -> dict[str, Any]:
    """One page of a list: `items` are (marker, value) in order; the answer has CloudFront's list members."""
    size = min(int(max_items), limit) if max_items else limit
    names = [name for name, _ in items]
    start = names.index(marker) + 1 if marker in names else 0
    shown = items[start : start + size]
    more = start + size < len(items)
    answer: dict[str, Any] = {"MaxItems": size, "Quantity": len(shown), "Items": [value for _, value in shown]}
    if more:
        answer["NextMarker"] = shown[-1][0]
    return answer


def marked_page(items: Sequence[tuple[str, Any]], marker: str | None, max_items: Any) -> dict[str, Any]:
    """A page of the older list form, which also says its marker and whether it was cut short."""
    answer = page(items, marker, max_items)
    return {"Marker": marker or "", "IsTruncated": "NextMarker" in answer, **answer}
