"""What guests felt over time and by city (pure), from their own diary: latency, hit ratio, failures."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FROM_THE_EDGE = frozenset({"hit", "refreshhit", "revalidated", "updating", "stale"})
"""First words of `X-Cache` and `CF-Cache-Status` of answers that a POP gave from its own copy."""
STEPS = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
MOST_POINTS = 120

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Point:
    """One step of the series: `at` seconds after the guests' first request.

    Latency in milliseconds and `from_edge` (share, 0 to 1) are those of cacheable pages that were answered; None where
    none was. `failed` of `asked` cacheable pages and `bare_failed` of `bare` uncached requests did not succeed.
    """

    at: float
    asked: int
    median: float | None
    p95: float | None
    from_edge: float | None
    failed: int
    bare: int
    bare_failed: int


@dataclass(frozen=True)
class Series:
    """Equal steps of `step` seconds, from `began` (monotonic) on."""

    began: float = 0.0
    step: float = 1.0
    points: tuple[Point, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.step * len(self.points)

    def to_json(self) -> dict[str, Any]:
        """One list a column, and what each is measured in."""
        names = list(Point.__dataclass_fields__)
        return {
            "step_seconds": self.step,
            "units": {"at": "s", "median": "ms", "p95": "ms", "from_edge": "share of answered cacheable pages"},
            **{name: [getattr(point, name) for point in self.points] for name in names},
        }


@dataclass(frozen=True)
class City:
    """What the guests of one city got: cacheable pages asked, failed, their share from the edge, and milliseconds."""

    asked: int = 0
    failed: int = 0
    from_edge: float | None = None
    mean: float | None = None
    p95: float | None = None


@dataclass
class _Bin:
    times: list[float] = field(default_factory=list)
    edge: int = 0
    failed: int = 0
    bare: int = 0
    bare_failed: int = 0

    def add(self, row: Row) -> None:
        ok = 200 <= int(row["status"]) < 400
        if row["class"] != "cacheable":
            self.bare += 1
            self.bare_failed += not ok
        elif not ok:
            self.failed += 1
        else:
            self.times.append(float(row["ms"]))
            self.edge += from_edge(row)

    def point(self, at: float) -> Point:
        """The step that begins at `at`."""
        times, asked = sorted(self.times), len(self.times) + self.failed
        share = round(self.edge / len(times), 4) if times else None
        middle = round(statistics.median(times), 2) if times else None
        return Point(at, asked, middle, quantile(times), share, self.failed, self.bare, self.bare_failed)

    def city(self) -> City:
        """All of it as one city's."""
        times = sorted(self.times)
        if not times:
            return City(self.failed, self.failed)
        share = round(self.edge / len(times), 4)
        return City(len(times) + self.failed, self.failed, share, round(statistics.fmean(times), 2), quantile(times))


def from_edge(row: Row) -> bool:
    """Whether the answer came from the POP's own copy, by the words of either CDN."""
    return str(row["cache"]).lower().partition(" ")[0] in FROM_THE_EDGE


def quantile(ordered: Sequence[float], share: float = 0.95) -> float | None:
    """The value that `share` of the ordered ones do not exceed; None of none."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2) if ordered else None


def series(diary: Iterable[Row], until: float) -> Series:
    """The diary's requests before `until` (monotonic) in steps; at most `MOST_POINTS` of them, if they can be."""
    rows = [row for row in diary if float(row["monotonic"]) < until]
    if not rows:
        return Series()
    began = min(float(row["monotonic"]) for row in rows)
    length = max(float(row["monotonic"]) for row in rows) - began
    step = next((step for step in STEPS if length < step * MOST_POINTS), STEPS[-1])
    bins = [_Bin() for _ in range(int(length // step) + 1)]
    for row in rows:
        bins[int((float(row["monotonic"]) - began) // step)].add(row)
    return Series(began, step, tuple(one.point(round(number * step, 1)) for number, one in enumerate(bins)))


def cities(diary: Iterable[Row], until: float, known: Iterable[str]) -> dict[str, City]:
    """City -> what its guests got before `until`; every city of `known`, also where nobody asked."""
    found: dict[str, _Bin] = defaultdict(_Bin)
    for row in diary:
        if float(row["monotonic"]) < until and row["pop"]:
            found[str(row["pop"])[:3]].add(row)
    return {code: found[code].city() for code in dict.fromkeys([*known, *sorted(found)])}
