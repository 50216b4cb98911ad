"""One row of the benchmark's report: ours beside a floor or a rival, measured in the same run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """`wedcache.bench/1`'s row. `ratio` is ours over the bar's own measure; `holds` says whether the bar is met.

    `not_run` says why nothing was measured (an input or a program is missing); then the bar does not hold.
    """

    name: str
    what: str
    ours: float
    unit: str
    floor: float
    ratio: float
    bar: str
    holds: bool
    conditions: str
    rivals: dict[str, float] = field(default_factory=dict)
    not_run: str = ""

    def __str__(self) -> str:
        if self.not_run:
            return f"{self.name:<24} not run ({self.not_run}), bar {self.bar}: DOES NOT HOLD"
        mark = "holds" if self.holds else "DOES NOT HOLD"
        beside = "".join(f", {rival} {figure:g}" for rival, figure in self.rivals.items())
        return (
            f"{self.name:<24} {self.ours:g} {self.unit} ({self.ratio:g}x the floor of {self.floor:g}{beside}), "
            f"bar {self.bar}: {mark}"
        )


def not_run(name: str, what: str, unit: str, bar: str, why: str) -> Row:
    """The row of a measurement that could not be made."""
    return Row(name, what, 0.0, unit, 0.0, 0.0, bar, holds=False, conditions="", not_run=why)


@dataclass(frozen=True)
class Benchmark:
    """A named measurement, which answers one row per bar."""

    name: str
    measure: Callable[[], Sequence[Row]]
