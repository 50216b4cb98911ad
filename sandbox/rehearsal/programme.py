"""The rehearsal's programme: phases in order, claims in order, which phases a claim needs, and how a run is played."""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.claims import (
    c1_nothing_left,
    c2_calendar,
    c3_pops_obey,
    c4_purge,
    c5_idempotent,
    c6_warm,
    c7_freeze_by_clock,
    c8_doors,
    c9_region_loss,
    c10_three_views,
    c11_pace,
    c12_owners_age,
    c13_no_cold_miss,
    c14_break_glass,
    c16_fencing,
    c17_second_laptop,
    c18_guests,
)
from sandbox.rehearsal.evidence import Evidence
from sandbox.rehearsal.stage import Stage, StageBroken

PHASES: tuple[tuple[str, ...], ...] = (
    ("calendar", "start"),
    ("obey", "again"),
    ("pace",),
    ("warm",),
    ("crowd",),
    ("purge", "agree"),
    ("freeze",),
    ("owners",),
    ("glass",),
    ("loss",),
    ("home", "unprotect"),
    ("laptop",),
    ("destroy",),
)
"""In the order of the wedding's weekend; those of one group are played at once. `end` is always played last."""

CLAIMS: tuple[Claim, ...] = (
    c1_nothing_left.CLAIM,
    c2_calendar.CLAIM,
    c3_pops_obey.CLAIM,
    c4_purge.CLAIM,
    c5_idempotent.CLAIM,
    c6_warm.CLAIM,
    c7_freeze_by_clock.CLAIM,
    c8_doors.CLAIM,
    c9_region_loss.CLAIM,
    c10_three_views.CLAIM,
    c11_pace.CLAIM,
    c12_owners_age.CLAIM,
    c13_no_cold_miss.CLAIM,
    c14_break_glass.CLAIM,
    c16_fencing.CLAIM,
    c17_second_laptop.CLAIM,
    c18_guests.CLAIM,
)


def play(stage: Stage, phases: Sequence[str], on_phase: Callable[[str, float], None]) -> str:
    """Play `phases` in the programme's order, then the end, whatever happened. Returns why it broke off, or ""."""
    broken = ""
    try:
        for group in PHASES:
            _play_group(stage, [name for name in group if name in phases], on_phase)
    except StageBroken as error:
        broken = str(error)
    except Exception as error:  # the claims are judged on what was recorded, whatever broke off
        broken = f"{type(error).__name__}: {error}"
        stage.record("broken", traceback=traceback.format_exc())
    finally:
        _play(stage, "end", on_phase)
    return broken


def _play_group(stage: Stage, names: Sequence[str], on_phase: Callable[[str, float], None]) -> None:
    with ThreadPoolExecutor(max_workers=max(1, len(names))) as pool:
        for one in [pool.submit(_play, stage, name, on_phase) for name in names]:
            one.result()


def _play(stage: Stage, name: str, on_phase: Callable[[str, float], None]) -> None:
    stage = replace(stage, recorder=stage.recorder.of(name))
    begun = time.monotonic()
    importlib.import_module(f"sandbox.rehearsal.phases.{name}").play(stage)
    seconds = time.monotonic() - begun
    stage.record("phase", name=name, seconds=round(seconds, 3))
    on_phase(name, seconds)


def judge(claims: Sequence[Claim], evidence: Evidence) -> list[tuple[Claim, Finding]]:
    """Every claim's finding on the evidence."""
    return [(claim, claim.judge(evidence)) for claim in claims]


def phases_of(claims: Sequence[Claim]) -> list[str]:
    """The phases that these claims need, in order."""
    wanted = {phase for claim in claims for phase in claim.phases}
    return [name for group in PHASES for name in group if name in wanted]
