"""Warms the edge: requests through every POP in tier order, then a second pass that must answer HIT."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from controlplane.domain.tier import Tier
from controlplane.domain.warming import Page, Target, WarmPlan, parse_manifest, plan
from controlplane.errors import BadInput, Incomplete, Unavailable, VerificationFailed
from controlplane.ports.edge_probe import Answer, Ask, EdgeProbe

MANIFEST = "/warm.json"
AT_ONCE = 6
ROUNDS = 6
PAUSE_SECONDS = 0.25
"""A stale copy is served while the POP fetches the fresh one: the next look comes a little later each time."""

Progress = Callable[[str, Target, str], None]


@dataclass
class WarmReport:
    """What became of each target. `proven` answered HIT on the second pass."""

    total: int
    proven: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    by_tier: dict[str, int] = field(default_factory=dict)


def make_plan(probe: EdgeProbe, edges: Mapping[str, str], pops: Mapping[str, Sequence[str]]) -> WarmPlan:
    """The plan for every host, from the hosts' own manifests read through the edge. Raises Unavailable."""
    return plan(manifests(probe, edges, pops), edges, pops)


def manifests(
    probe: EdgeProbe, edges: Mapping[str, str], pops: Mapping[str, Sequence[str]]
) -> dict[str, tuple[Page, ...]]:
    """What each host of `edges` (host -> CDN) says of its pages, read through the edge. Raises Unavailable."""
    pages: dict[str, tuple[Page, ...]] = {}
    for host, edge in edges.items():
        answer = probe.fetch(Ask(host, MANIFEST, edge, next(iter(pops[edge]), None)))
        if answer.status != 200:
            raise Unavailable(
                f"{host}{MANIFEST} answered {answer.status or answer.error}; no plan was made",
                next_step="`wedcache status` says which region serves; plan again when the host answers",
            )
        try:
            pages[host] = parse_manifest(answer.body)
        except ValueError as error:
            raise Unavailable(
                f"{host}{MANIFEST} is no manifest; no plan was made: {error}",
                next_step="the origin of that host answers it; nothing was requested but manifests",
            ) from error
    return pages


def warm(
    warm_plan: WarmPlan, probe: EdgeProbe, progress: Progress, pause: Callable[[float], None] = time.sleep
) -> WarmReport:
    """Warm every target, tier by tier: no target of a tier is requested before the last of the tier above is done.

    `progress(pass, target, cache status)` is told of each answer. Raises VerificationFailed with the targets that did
    not answer HIT on the second pass, Incomplete if some could not be requested at all, BadInput for an empty plan.
    """
    if not warm_plan.targets:
        raise BadInput("the plan has no targets: nothing would be proven warm", next_step="wedcache plan")
    report = WarmReport(total=len(warm_plan.targets))
    for rank, group in groupby(sorted(warm_plan.targets), key=lambda target: target.rank):
        targets = list(group)
        _tier(targets, probe, progress, report, pause)
        report.by_tier[next(tier.value for tier in Tier if tier.rank == rank)] = len(targets)
    if report.failed:
        missing = sum(reason.startswith("no answer") for reason in report.failed.values())
        kind = Incomplete if missing else VerificationFailed
        raise kind(
            f"{report.proven} of {report.total} targets are proven warm; {len(report.failed)} are not: "
            + ", ".join(list(report.failed)[:5]),
            next_step="run `wedcache warm` again: it is safe, warm targets are only asked once more",
            report=report.failed,
        )
    return report


def _tier(
    targets: Sequence[Target],
    probe: EdgeProbe,
    progress: Progress,
    report: WarmReport,
    pause: Callable[[float], None],
) -> None:
    _pass("first", targets, probe, progress)
    waiting = list(targets)
    last: dict[Target, str] = {}
    for number in range(ROUNDS):
        if number:
            pause(PAUSE_SECONDS * number)
        seen = _pass("second", waiting, probe, progress)
        last |= seen
        waiting = [target for target in waiting if seen[target] != "HIT"]
        if not waiting:
            break
    report.proven += len(targets) - len(waiting)
    report.failed |= {f"{t.host}{t.path}@{t.pop}": last[t] for t in waiting}


def _pass(name: str, targets: Iterable[Target], probe: EdgeProbe, progress: Progress) -> dict[Target, str]:
    asks = {Ask(t.host, t.path, t.edge, t.pop): t for t in targets}
    seen: dict[Target, str] = {}

    def on_answer(answer: Answer) -> None:
        target = asks[answer.ask]
        seen[target] = _status(answer)
        progress(name, target, seen[target])

    probe.fetch_all(asks, AT_ONCE, on_answer)
    return seen


def _status(answer: Answer) -> str:
    if answer.status == 0:
        return f"no answer: {answer.error}"
    if answer.status != 200:
        return f"status {answer.status}"
    return answer.cache or "no cache header"
