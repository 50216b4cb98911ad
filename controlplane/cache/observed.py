"""One cache at one moment, for whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Observed:
    """`counters` only grow (see `Stats`); `gauges` are entries and bytes in memory, whether the log is heard, and for
    how many seconds it was not.
    """

    namespace: str
    counters: Mapping[str, int]
    gauges: Mapping[str, float]
