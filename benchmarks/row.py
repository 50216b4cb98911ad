"""One row of the benchmark's report: ours beside a floor or a rival, measured in the same run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """`wedcache.bench/1`'s row. `ratio` is ours over the bar's own measure; `holds` says whether the bar is met."""

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


@dataclass(frozen=True)
class Benchmark:
    """A named measurement."""

    name: str
    measure: Callable[[], Row]
