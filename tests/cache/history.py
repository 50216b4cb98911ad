"""The history checker of G1 and G5: pure, over the events of several processes on one monotonic clock."""

from __future__ import annotations

from typing import Any

from tests.cache.peer import tag_of


def violations(events: list[dict[str, Any]]) -> list[str]:
    """What must never happen, as sentences.

    G1: a hit that had applied purge P of its tag (soft or hard), or a stale answer that had applied a hard one, with a
    version older than what was committed before P. G5: any answer begun after a removal was complete, with such a
    version.
    """
    found = []
    purges = [event for event in events if event["do"] in ("remove", "expire")]
    for read in (event for event in events if event["do"] == "read"):
        for purge in purges:
            if tag_of(purge["key"]) != tag_of(read["key"]):
                continue
            committed = _committed_before(read["key"], purge, purges)
            if read["version"] >= committed:
                continue
            applies = purge["do"] == "remove" or read["status"] != "stale"
            if applies and read["applied"] >= purge["n"]:
                found.append(f"{read} had applied {purge}, before which version {committed} was committed")
            if purge["done"] is not None and read["began"] > purge["done"]:
                found.append(f"{read} began after {purge} was complete")
    return found


def _committed_before(key: str, purge: dict[str, Any], purges: list[dict[str, Any]]) -> int:
    """The newest version of `key` that was surely committed before `purge` was appended: its own, or one whose own
    purge had begun (and so had been committed) by then."""
    versions = [other["version"] for other in purges if other["key"] == key and other["began"] <= purge["began"]]
    return max(versions, default=0)
