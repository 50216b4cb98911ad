"""The time zone database: the pinned package, never what the machine happens to have.

`zoneinfo` prefers the machine's files to the package. Between Debian's 2025b and 2026.6 Saturdays of 2026-27 in
Vancouver, Edmonton, Winnipeg, Casablanca and others differ by an hour.
"""

from __future__ import annotations

import functools
import importlib.resources
import zoneinfo
from datetime import tzinfo
from pathlib import Path

from controlplane.domain.zones import Zones

SYSTEM = Path("/usr/share/zoneinfo")


@functools.cache
def pinned() -> Zones:
    """The zones of the pinned `tzdata` package; from here on `zoneinfo` reads nothing else in this process."""
    import tzdata  # type: ignore[import-untyped]  # ships no types; only its version is read

    zoneinfo.reset_tzpath(to=[])
    zoneinfo.ZoneInfo.clear_cache()
    package = importlib.resources.files("tzdata")
    names = (package / "zones").read_text(encoding="utf-8").split()
    links = (package / "zoneinfo" / "tzdata.zi").read_text(encoding="utf-8")
    return Zones(tzdata.__version__, "pinned", _usable(names), _renamed(links), zoneinfo.ZoneInfo)


def system(folder: Path = SYSTEM) -> Zones:
    """The zones of the machine's own files: only to show how they differ. Raises FileNotFoundError without them."""
    text = (folder / "tzdata.zi").read_text(encoding="utf-8")
    release = text.split("\n", 1)[0].removeprefix("# version ").strip()
    renamed = _renamed(text)
    names = [line.split()[1] for line in text.splitlines() if line.startswith("Z ")]

    @functools.cache
    def load(name: str) -> tzinfo:
        with (folder / name).open("rb") as file:
            return zoneinfo.ZoneInfo.from_file(file, key=name)

    return Zones(_package_version(release), "system", _usable([*names, *renamed]), renamed, load)


def _package_version(release: str) -> str:
    """IANA's `2025b` as the tzdata package counts: `2025.2`."""
    year, letter = release[:4], release[4:5]
    return f"{year}.{ord(letter) - ord('a') + 1}" if letter.isalpha() else year


def _usable(names: list[str]) -> frozenset[str]:
    return frozenset(names) - {"Factory"}  # IANA's placeholder for "no zone was set"


def _renamed(links: str) -> dict[str, str]:
    rows = (line.split() for line in links.splitlines() if line.startswith("L "))
    return {old: new for _, new, old in rows}
