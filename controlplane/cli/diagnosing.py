"""A diagnosis as people and programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from controlplane.domain.diagnosis import Diagnosis


def shown(found: Diagnosis) -> dict[str, Any]:
    """A row of `broken` in wedcache.status/1: what, why, seconds to impact (0: now, null: none), what to do."""
    return {
        "subject": found.subject,
        "broken": found.broken.value,
        "because": found.because,
        "time_to_impact": found.impact.first,
        "uncached_in": found.impact.uncached,
        "cached_in": found.impact.cached,
        "if_nothing_is_done": found.impact.sentence(),
        "advice": found.advice,
        "what": None if found.what is None else found.what.value,
        "command": found.command,
    }


def broken_lines(row: dict[str, Any]) -> list[str]:
    """The same row for people."""
    command = f": `{row['command']}`" if row["command"] else ""
    return [
        f"BROKEN    {row['subject']:<14} {row['broken']}: {row['because']}",
        f"  impact  {row['if_nothing_is_done']}",
        f"  advice  {row['advice']}{command}",
    ]
