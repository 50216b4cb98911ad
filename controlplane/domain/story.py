"""An operation's story: its chain as a timeline that people and programs read."""

from __future__ import annotations

from typing import Any

from controlplane.domain.ledger import Chain, Finding


def story(chain: Chain, finding: Finding) -> dict[str, Any]:
    """The timeline as an object, `wedcache.story/1`."""
    first, last = chain.entries[0], chain.entries[-1]
    return {
        "schema": "wedcache.story/1",
        "id": chain.operation,
        "begun_at": first.at,
        "closed_at": last.at if chain.is_closed else None,
        "by": list(dict.fromkeys(entry.by for entry in chain.entries)),
        "entries": [
            {
                "n": entry.n,
                "at": entry.at,
                "by": entry.by,
                "kind": entry.kind.value,
                "said": entry.said,
                **_facts(entry),
            }
            for entry in chain.entries
        ],
        "head": chain.head,
        "holds": finding.holds,
        "broken": list(finding.broken),
        "unsure": list(finding.unsure),
    }


def story_lines(told: dict[str, Any]) -> list[str]:
    """The same timeline for people: who did what when, who took over, how it ended."""
    lines = [f"{told['id']}: begun {told['begun_at']}, " + _ended(told)]
    by = ""
    for entry in told["entries"]:
        if entry["by"] != by:
            by = entry["by"]
            lines.append(f"  {by}")
        lines.append(f"    {entry['at']}  {entry['kind']:<11} {entry['said']}")
    lines.append(f"  head {told['head']}")
    lines += [f"  BROKEN {words}" for words in told["broken"]]
    return lines + [f"  unsure {words}" for words in told["unsure"]]


def _ended(told: dict[str, Any]) -> str:
    return "still open" if told["closed_at"] is None else f"closed {told['closed_at']}"


def _facts(entry: Any) -> dict[str, Any]:
    return {"facts": entry.facts} if entry.facts else {}
