"""The calendar against the table that was worked out by hand."""

from __future__ import annotations

import subprocess
import sys
import zoneinfo
from datetime import timedelta

import pytest

from controlplane.adapters.system import reviewed_windows, tzdata, yaml_lines
from controlplane.domain.instant import parse_instant
from controlplane.domain.zones import UnknownZone

TABLE = reviewed_windows.rows(tzdata.pinned())


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.case)
def test_reviewed_window(row: reviewed_windows.Row) -> None:
    """The calendar gives exactly the reviewed windows."""
    assert row.computed == row.reviewed, row.why


def test_the_table_agrees_with_itself() -> None:
    """Each row's hours are those between its start and its end, and each says why it is right."""
    entries = yaml_lines.read(reviewed_windows.reviewed_text()).value
    assert isinstance(entries, list)
    assert len(entries) >= 25
    for entry in entries:
        assert isinstance(entry, dict)
        assert len(str(entry["why"])) > 20
        windows = entry["windows"]
        assert isinstance(windows, list)
        for window in windows:
            assert isinstance(window, dict)
            length = parse_instant(str(window["end"])) - parse_instant(str(window["start"]))
            assert length == timedelta(hours=float(str(window["hours"]))), entry["case"]


def test_the_machines_own_zones_do_not_reach_the_calendar() -> None:
    """In a new process with the machine's zone folders in front, the pinned zones are read and the path is empty."""
    program = (
        "import zoneinfo\n"
        "zoneinfo.reset_tzpath(to=['/usr/share/zoneinfo'])\n"
        "from controlplane.adapters.system import reviewed_windows, tzdata\n"
        "zones = tzdata.pinned()\n"
        "print(zoneinfo.TZPATH, zones.version, zones.source, all(r.is_equal for r in reviewed_windows.rows(zones)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "() 2026.6 pinned True\n"
    assert tzdata.pinned().version == "2026.6"
    assert zoneinfo.TZPATH == ()


def test_another_release_gives_other_windows() -> None:
    """Where the machine has an older release the table tells: rows differ, and the release is named."""
    try:
        older = tzdata.system()
    except FileNotFoundError:
        pytest.skip("this machine has no time zone files")
    if older.version >= tzdata.pinned().version:
        pytest.skip(f"this machine's time zones are {older.version}")
    different = {row.case for row in reviewed_windows.rows(older) if not row.is_equal}
    assert older.source == "system"
    assert "Vancouver stays at -07:00" in different


def test_renamed_and_unknown_zones() -> None:
    """An old name is the zone of today; an unknown one is an error that suggests the nearest."""
    zones = tzdata.pinned()
    assert zones.today("Europe/Kiev") == "Europe/Kyiv"
    assert zones.today("Asia/Calcutta") == "Asia/Kolkata"
    assert zones.today("Europe/Rome") == "Europe/Rome"
    for typed, meant in [
        ("Europe/Roma", "Europe/Rome"),
        ("europe/rome", "Europe/Rome"),
        ("Rome", "Europe/Rome"),
        ("America/New York", "America/New_York"),
        ("Asia/Bangalore", ""),
        ("../../etc/passwd", ""),
    ]:
        with pytest.raises(UnknownZone) as caught:
            zones.zone(typed)
        assert caught.value.suggestion == meant
        assert typed in str(caught.value)
