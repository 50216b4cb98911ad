"""Scales of a plot (pure): from values to places, and the ticks that a reader counts by."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` onto places from `start` to `end`; `is_log`: by their logarithms (both above 0)."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """The place of `value`; what lies outside is moved to the edge."""
        value = min(max(value, self.low), self.high)
        low, high = self.low, self.high
        if self.is_log:
            value, low, high = math.log10(value), math.log10(low), math.log10(high)
        return self.start + (self.end - self.start) * (value - low) / (high - low)


def decades(values: list[float]) -> tuple[float, float]:
    """The powers of ten around all `values`; from 1 to 1,000 at least."""
    above = [value for value in values if value > 0]
    low = min(1.0, 10.0 ** math.floor(math.log10(min(above)))) if above else 1.0
    high = max(1000.0, 10.0 ** math.ceil(math.log10(max(above)))) if above else 1000.0
    return low, high


def decade_ticks(low: float, high: float) -> list[float]:
    """Every power of ten from `low` to `high`."""
    return [10.0**power for power in range(round(math.log10(low)), round(math.log10(high)) + 1)]


def even_ticks(high: float, most: int) -> list[float]:
    """At most `most` + 1 round values from 0 to `high`, a step of 1, 2 or 5 times a power of ten apart."""
    if high <= 0:
        return [0.0]
    rough = 10.0 ** math.floor(math.log10(high / most))
    step = next(rough * times for times in (1, 2, 5, 10) if high / (rough * times) <= most)
    return [round(step * count, 6) for count in range(int(high / step + 1e-9) + 1)]
