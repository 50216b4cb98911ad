"""Monday: the windows are over, changes are allowed again."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.rehearsal.stage import Stage

MONDAY = datetime(2027, 6, 14, 9, 0, tzinfo=UTC)


def play(stage: Stage) -> None:
    """Move the calendar past the wedding."""
    stage.set_clock(MONDAY)
