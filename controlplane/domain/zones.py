"""Time zones of one release of the IANA database, handed in from the rim: a calendar says what it was made with."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal


class UnknownZone(ValueError):
    """No zone has this name; `suggestion` is the nearest name, or empty."""

    def __init__(self, name: str, suggestion: str) -> None:
        super().__init__(f"unknown time zone {name!r}" + (f"; did you mean {suggestion!r}?" if suggestion else ""))
        self.suggestion = suggestion


@dataclass(frozen=True)
class Zones:
    """One release of the time zone database.

    `version` as the tzdata package counts (`2026.6`), `source` where it was read, `names` every name that may be used,
    `renamed` old name -> the name of today (IANA's links), `load` the rules of a name.
    """

    version: str
    source: Literal["pinned", "system"]
    names: frozenset[str]
    renamed: Mapping[str, str]
    load: Callable[[str], tzinfo]

    def zone(self, name: str) -> tzinfo:
        """The rules of the zone `name`. Raises UnknownZone with a suggestion."""
        if name not in self.names:
            raise UnknownZone(name, self.nearest(name))
        return self.load(name)

    def today(self, name: str) -> str:
        """The name that the zone bears today: `Europe/Kiev` is `Europe/Kyiv`."""
        return self.renamed.get(name, name)

    def nearest(self, name: str) -> str:
        """The zone name that a person who typed `name` most likely meant, or an empty string."""
        tidy = name.strip().replace(" ", "_").lower()
        by_lower = {each.lower(): each for each in self.names}
        by_city: dict[str, str] = {}
        for each in sorted(self.names, key=lambda each: (each in self.renamed, each)):
            by_city.setdefault(each.lower().rsplit("/", 1)[-1], each)
        city = tidy.rsplit("/", 1)[-1]
        if tidy in by_lower:
            return by_lower[tidy]
        if city in by_city:
            return by_city[city]
        close = difflib.get_close_matches(tidy, by_lower, n=1, cutoff=0.8)
        if close:
            return by_lower[close[0]]
        close = difflib.get_close_matches(city, by_city, n=1, cutoff=0.8)
        return by_city[close[0]] if close else ""
