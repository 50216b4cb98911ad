"""Many trials at once, each in a process of its own; what was wrong is kept, everything else is cleared away."""

from __future__ import annotations

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sandbox.chaos import host
from sandbox.chaos.laptop import end, fork
from sandbox.chaos.points import AFTER, BEFORE, INSIDE, MARKED, POINTS, Strike
from sandbox.chaos.trial import Outcome, Reference, nothing, played

MOST_SECONDS = 400.0
"""A trial that takes longer is ended, and wrong."""
CERTAIN_QUESTIONS = {"store.change": 4, "store.put": 2}
"""How many changing questions an act asks at least: a majority's promises and acceptances, or its puts."""
MOST_LOAD = 6.0
"""For each core."""
AT_LEAST = 12
"""A trial takes half a second of a processor in a dozen seconds."""
Mutant = Callable[[], None]


@dataclass(frozen=True)
class Trial:
    """One trial that is to be played."""

    known: Reference
    strike: Strike
    mutant: Mutant = nothing

    def play(self, folder: Path) -> Outcome:
        """In this process."""
        return played(folder, self.known, self.strike, self.mutant)


def at_every_point(known: Reference, mutant: Mutant = nothing) -> list[Trial]:
    """Killed before each step, after it, and after its mark."""
    return [Trial(known, Strike(step, when), mutant) for step, _ in enumerate(known.steps, 1) for when in POINTS]


def stopped_at_every_step(known: Reference, mutant: Mutant = nothing) -> list[Trial]:
    """Stopped past the lease before each step and after its mark; only where there is a lease."""
    if not any("lease/" in step for step in known.steps):
        return []
    steps = [step for step, name in enumerate(known.steps, 1) if "lease/" not in name]
    return [Trial(known, Strike(step, when, stops=True), mutant) for step in steps for when in (BEFORE, MARKED)]


def by_chance(references: Sequence[Reference], count: int, seed: int) -> Iterator[Trial]:
    """`count` kills anywhere: at a step's points, or at a question under way inside of one."""
    chance = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    for _ in range(count):
        known = chance.choice(references)
        step = chance.randint(1, len(known.steps))
        when = chance.choice((BEFORE, AFTER, MARKED, *[INSIDE] * 5))
        name = known.steps[step - 1].partition(" ")[0]
        left = chance.randint(1, CERTAIN_QUESTIONS.get(name, 1))
        if when == INSIDE and not name.startswith("probe."):
            yield Trial(known, Strike(step, when, left=left, mode=chance.choice(host.MODES)))
        else:
            yield Trial(known, Strike(step, BEFORE if when == INSIDE else when))


def play(trials: Sequence[Trial], folder: Path, at_once: int, tell: Callable[[int, Outcome], None]) -> list[Outcome]:
    """Play them, `at_once` at a time, and tell of each as it ends; the outcomes in the trials' order."""
    found: dict[int, Outcome] = {}
    waiting = list(enumerate(trials))[::-1]
    playing: dict[int, tuple[int, float]] = {}
    try:
        while waiting or playing:
            while waiting and len(playing) < at_once and (len(playing) < AT_LEAST or _has_time()):
                number, trial = waiting.pop()
                playing[_begin(number, trial, folder)] = (number, time.monotonic())
            for pid, (number, since) in list(playing.items()):
                if _is_over(pid, since):
                    del playing[pid]
                    found[number] = _outcome(number, trials[number], folder)
                    tell(len(found), found[number])
            time.sleep(0.02)
    finally:
        for pid in playing:
            end(pid)
    return [found[number] for number in range(len(trials))]


def _has_time() -> bool:
    """Most of a trial is waiting for a lease; but a machine that is busy anyway gets fewer of them at once."""
    return os.getloadavg()[0] < MOST_LOAD * (os.cpu_count() or 1)


def _begin(number: int, trial: Trial, folder: Path) -> int:
    place = folder / str(number)

    def work() -> int:
        outcome = trial.play(place)
        (folder / f"{number}.json").write_text(outcome.to_json())
        return 0

    return fork(work, folder / f"{number}.log")


def _is_over(pid: int, since: float) -> bool:
    if time.monotonic() - since > MOST_SECONDS:
        end(pid)
        return True
    return os.waitpid(pid, os.WNOHANG)[0] == pid


def _outcome(number: int, trial: Trial, folder: Path) -> Outcome:
    place = folder / f"{number}.json"
    try:
        outcome = Outcome(**json.loads(place.read_text()))
    except FileNotFoundError:
        words = (folder / f"{number}.log").read_text()[-1500:]
        outcome = Outcome(trial.known.scene.name, trial.strike.name, wrong=[f"the trial did not end: {words}"])
    if outcome.holds:
        shutil.rmtree(folder / str(number), ignore_errors=True)
    return outcome
