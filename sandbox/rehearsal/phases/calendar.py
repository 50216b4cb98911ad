"""The calendar computed with the pinned zones, row by row against the reviewed table."""

from __future__ import annotations

from controlplane.adapters.system import reviewed_windows, tzdata
from sandbox.rehearsal.stage import Stage


def play(stage: Stage) -> None:
    """Compile each reviewed row; record what came out and with which zones."""
    zones = tzdata.system() if stage.sabotage == "system-zones" else tzdata.pinned()
    rows = reviewed_windows.rows(zones)
    stage.record(
        "calendar",
        tzdata=zones.version,
        source=zones.source,
        rows=len(rows),
        different=[row.case for row in rows if not row.is_equal],
    )
