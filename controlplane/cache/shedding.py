"""What is left out under pressure: refreshes and fills of `low` first, then of `medium`; never a read.

Pure. Pressure comes from the second tier: a breaker that is not closed, or more reads waiting than it keeps up with.
"""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.cache.breaker import Phase
from controlplane.domain.tier import Tier


@dataclass(frozen=True, slots=True)
class Pressure:
    """The worst phase of the tier's breakers, and how many reads wait for it."""

    phase: Phase = Phase.CLOSED
    waiting: int = 0


CALM = Pressure()
# A queue of this many times the bound sheds medium too.
_MUCH = 4


def sheds(tier: Tier, pressure: Pressure, most_waiting: int) -> bool:
    """Whether a refresh or fill of `tier` is left out.

    Low goes when the breaker is half-open or more than `most_waiting` reads wait; medium too when it is open or four
    times as many wait. Critical and high are never shed.
    """
    if tier is Tier.LOW:
        return pressure.phase is not Phase.CLOSED or pressure.waiting > most_waiting
    if tier is Tier.MEDIUM:
        return pressure.phase is Phase.OPEN or pressure.waiting > _MUCH * most_waiting
    return False
