"""What the vantage points say of a region: three probes, two vantage points, no action in a minority view."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PROBES_TO_CALL_DOWN = 3
VANTAGE_POINTS_TO_ACT = 2


class Health(enum.Enum):
    """A vantage point's view of a region."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Probe:
    """Consecutive results of one vantage point's probes of one region, newest last; True = answered healthy."""

    failures: int = 0
    answered: bool = False

    def after(self, healthy: bool) -> Probe:
        """The state after one more probe."""
        return Probe(0, True) if healthy else Probe(self.failures + 1, self.answered)

    @property
    def health(self) -> Health:
        """DOWN after three failures in a row, UP while the last answer was good."""
        if self.failures >= PROBES_TO_CALL_DOWN:
            return Health.DOWN
        return Health.UP if self.failures == 0 and self.answered else Health.UNKNOWN


@dataclass(frozen=True)
class Verdict:
    """Whether a region may be called lost, and who says what."""

    region: str
    is_lost: bool
    views: Mapping[str, Health]

    def sentence(self) -> str:
        """One line for people."""
        views = ", ".join(f"{point}: {health.value}" for point, health in sorted(self.views.items()))
        down = sum(health is Health.DOWN for health in self.views.values())
        return f"{self.region}: {down} of {len(self.views)} vantage points say down ({views})"


def judge(region: str, views: Mapping[str, Health]) -> Verdict:
    """Lost only when at least two vantage points say down and they are more than those that say up."""
    down = sum(health is Health.DOWN for health in views.values())
    up = sum(health is Health.UP for health in views.values())
    return Verdict(region, down >= VANTAGE_POINTS_TO_ACT and down > up, dict(views))


def standby_for(lost: str, regions: Sequence[str], verdicts: Mapping[str, Verdict]) -> str | None:
    """The first other region that somebody sees up and nobody calls down; None if there is none."""
    for region in regions:
        views = verdicts[region].views.values()
        if region != lost and Health.UP in views and Health.DOWN not in views:
            return region
    return None
