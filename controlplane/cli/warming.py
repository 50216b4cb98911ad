"""`wedcache plan` and `wedcache warm`: plan first, then hold to the plan."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from controlplane.cli import session
from controlplane.errors import BadInput

if TYPE_CHECKING:
    from controlplane.bootstrap import Plant
    from controlplane.domain.warming import Target, WarmPlan

Output = Literal["text", "json"]


def plan(*, save: Path | None = None, output: Output = "text") -> int:
    """Make a warm plan: every URL of every host at every POP, critical first.

    Parameters
    ----------
    save
        Write the plan here; `wedcache warm FILE` holds to it.
    output
        text or json (wedcache.warm-plan/1).
    """
    import json

    warm_plan = _made(session.plant())
    if save is not None:
        try:
            save.write_text(warm_plan.to_json())
        except OSError as error:
            raise BadInput(f"--save {save}: {error.strerror}; the plan was not saved") from error
    if output == "json":
        session.show_json(json.loads(warm_plan.to_json()))
    else:
        session.show(_summary(warm_plan))
    return 0


def warm(saved: Path | None = None, /, *, plan: bool = False, yes: bool = False, output: Output = "text") -> int:
    """Warm the edge in tier order; every target must answer HIT on a second pass.

    Parameters
    ----------
    saved
        A plan saved by `wedcache plan --save`; without it a new one is made and shown.
    plan
        Print what would be warmed, and stop.
    yes
        Do not ask.
    output
        text or json (wedcache.warm-report/1).
    """
    import json

    from controlplane.operations.warm import warm as perform

    plant = session.plant()
    warm_plan = _made(plant) if saved is None else _saved(saved)
    for line in _summary(warm_plan):
        session.say(line)
    if plan:
        if output == "json":
            session.show_json(json.loads(warm_plan.to_json()))
        return 0
    session.confirm("warm?", yes=yes)
    seen: Counter[str] = Counter()

    def progress(number: str, target: Target, said: str) -> None:
        seen[number] += 1
        if seen[number] % 25 == 0 or said != "HIT":
            session.say(f"{number} pass {seen[number]}/{len(warm_plan.targets)}: {target.path} at {target.pop}: {said}")

    report = perform(warm_plan, plant.probe, progress)
    if output == "json":
        session.show_json(
            {
                "schema": "wedcache.warm-report/1",
                "digest": warm_plan.digest,
                "total": report.total,
                "proven": report.proven,
                "by_tier": report.by_tier,
            }
        )
    else:
        session.show([f"{report.proven} of {report.total} targets answered HIT on the second pass"])
    return 0


def _saved(path: Path) -> WarmPlan:
    from controlplane.domain.warming import WarmPlan

    try:
        return WarmPlan.from_json(path.read_text())
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: {error}", next_step=f"wedcache plan --save {path}") from error


def _made(plant: Plant) -> WarmPlan:
    from controlplane.operations.warm import make_plan

    return make_plan(plant.probe, plant.edges, dict(plant.pops))


def _summary(warm_plan: WarmPlan) -> list[str]:
    tiers = Counter(target.tier.value for target in warm_plan.targets)
    lines = [f"{name:<9} {count} targets" for name, count in tiers.items()]
    return [*lines, f"digest    {warm_plan.digest[:16]}"]
