"""A claim: a pure function from evidence to a finding, beside the counter-experiment that must turn it false."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.rehearsal.evidence import Evidence


@dataclass(frozen=True)
class Finding:
    """What the evidence says: whether the claim is true, its figure with unit and denominator, and why not."""

    true: bool
    figure: float | int | str
    unit: str
    of: float | int | str
    why_not: str = ""


@dataclass(frozen=True)
class Claim:
    """One claim of the report.

    `phases` are those whose evidence it needs (in addition to start and end); `counter_experiment` names the sabotage
    under which `judge` must give a finding that is not true; `witness` says who saw it from outside; `worlds` are those
    whose report has it; what `is_dear` is proved with FULL=1 only, and in the world `proved_in`.
    """

    id: str
    text: str
    witness: str
    phases: tuple[str, ...]
    counter_experiment: str
    judge: Callable[[Evidence], Finding]
    worlds: tuple[str, ...] = ("short", "full")
    is_dear: bool = False
    proved_in: str = "short"
