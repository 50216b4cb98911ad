"""`python -m sandbox.chaos [run|prove] [--kills 1000] [--seed N] [--only failover,purge] [--at-once N]`."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sandbox.chaos import campaign
from sandbox.chaos.campaign import Trial
from sandbox.chaos.commands import ELSEWHERE, NotCovered, Scene, scenes
from sandbox.chaos.laptop import prepare
from sandbox.chaos.mutants import MUTANTS, SCENE
from sandbox.chaos.trial import Outcome, Reference, reference

SEED, KILLS, AT_ONCE = 20270612, 1000, 24
OUT = Path("out/chaos")
TERMINATED = 143


def main(arguments: list[str]) -> int:
    """Play; 0 only if every fault fired, nothing was lost and nothing happened too often (or every mutant shows)."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.chaos", description=__doc__)
    parser.add_argument("verb", nargs="?", choices=("run", "prove"), default="run")
    parser.add_argument("--kills", type=int, default=KILLS, help="kills by chance, beside those at every step")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="operations, comma separated: failover,emergency on")
    parser.add_argument("--some", type=int, default=0, help="so many trials of all, chosen by the seed")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    said = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    begun = time.monotonic()
    try:
        chosen = scenes([one for one in said.only.split(",") if one])
        prepare()
        if said.verb == "prove":
            return _proved(folder, said.at_once)
        known = _references(folder, chosen)
        trials = [trial for one in known for trial in campaign.at_every_point(one)]
        trials += [trial for one in known for trial in campaign.stopped_at_every_step(one)]
        trials += campaign.by_chance(known, said.kills, said.seed)
        if said.some:
            trials = random.Random(said.seed).sample(trials, min(said.some, len(trials)))  # noqa: S311  (repeatable)
        outcomes = _played(trials, folder / "trials", said.at_once)
    except NotCovered as error:
        sys.stderr.write(f"{error}; nothing was run\n")
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _told(known, outcomes, said.seed, time.monotonic() - begun)


def _references(folder: Path, chosen: Sequence[Scene]) -> list[Reference]:
    """Every scene played undisturbed."""
    found = []
    for number, scene in enumerate(chosen):
        found.append(reference(folder / f"s{number}", scene))
        sys.stdout.write(f"{scene.name:<16} {len(found[-1].steps)} steps by itself\n")
    return found


def _played(trials: Sequence[Trial], folder: Path, at_once: int) -> list[Outcome]:
    folder.mkdir()
    begun = time.monotonic()

    def tell(number: int, outcome: Outcome) -> None:
        if not outcome.holds:
            sys.stdout.write(f"WRONG {outcome.scene}, {outcome.strike}: {'; '.join(outcome.wrong)[:1500]}\n")
        if number % 50 == 0 or number == len(trials):
            sys.stdout.write(f"{number} of {len(trials)} trials, {time.monotonic() - begun:.0f} s\n")
        sys.stdout.flush()

    outcomes = campaign.play(trials, folder, at_once, tell)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    for number, outcome in enumerate(outcomes):
        if not outcome.holds and (folder / str(number)).is_dir():
            ignored = shutil.ignore_patterns("w")
            shutil.copytree(folder / str(number), OUT / f"wrong-{number}", ignore=ignored)
    return outcomes


def _told(known: Sequence[Reference], outcomes: Sequence[Outcome], seed: int, seconds: float) -> int:
    fired = Counter(outcome.scene for outcome in outcomes if outcome.fired)
    wrong = [outcome for outcome in outcomes if not outcome.holds]
    stopped = sum(outcome.strike.startswith("stopped") for outcome in outcomes)
    lines = [f"{one.scene.name:<16} {fired[one.scene.name]} faults fired" for one in known]
    lines += [f"{name:<16} not played: {why}" for name, why in ELSEWHERE.items()]
    lines.append(
        f"seed {seed}: {len(outcomes)} faults, {sum(fired.values())} fired ({stopped} laptops stopped, the others"
        f" killed); {len(wrong)} wrong,"
        f" {sum(outcome.twice for outcome in outcomes)} effects twice, none more often; {seconds:.0f} s"
    )
    sys.stdout.write("\n".join(lines) + "\n")
    if wrong:
        sys.stdout.write(f"what they said lies in {OUT}\n")
    return 1 if wrong else 0


def _proved(folder: Path, at_once: int) -> int:
    """Each mutant must turn its trial red; the same trial without it must hold."""
    (known,) = _references(folder, scenes([SCENE]))
    (folder / "trials").mkdir()
    whole = [Trial(known, mutant.strike) for mutant in MUTANTS.values()]
    broken = [Trial(known, mutant.strike, mutant.make) for mutant in MUTANTS.values()]
    outcomes = campaign.play([*whole, *broken], folder / "trials", at_once, lambda *_: None)
    held, red = outcomes[: len(whole)], outcomes[len(whole) :]
    for (name, mutant), good, bad in zip(MUTANTS.items(), held, red, strict=True):
        said = "; ".join(bad.wrong)[:300] if bad.wrong else "NOBODY NOTICES"
        first = "holds" if good.holds else f"IS WRONG ITSELF ({'; '.join(good.wrong)[:300]})"
        sys.stdout.write(f"{bad.strike} {first}; {name} ({mutant.why}): {said}\n")
    are_noticed = all(one.holds for one in held) and all(one.fired and one.wrong for one in red)
    sys.stdout.write(f"{sum(bool(one.wrong) for one in red)} of {len(red)} mutants were noticed\n")
    return 0 if are_noticed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
