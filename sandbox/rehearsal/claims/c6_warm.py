"""C6: every warm target answered HIT on the second pass, critical before low."""

from __future__ import annotations

from itertools import pairwise

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

RANKS = {"critical": 0, "high": 1, "medium": 2, "low": 3}


def judge(evidence: Evidence) -> Finding:
    """True when the POPs' logs show, for every target, a second request of the warmer that was a HIT, in tier order."""
    plan, logs = evidence.one("targets"), evidence.of("pop-log")
    if plan is None or not plan["targets"]:
        return Finding(False, 0, "targets", 0, "no plan was recorded")
    asked: dict[tuple[str, str, str], list[tuple[float, str]]] = {}
    for log in logs:
        for at, host, path, status, cache in log["rows"]:
            said = cache if status == 200 else f"status {status}"
            asked.setdefault((host, path, log["pop"]), []).append((at, str(said).upper()))
    cold: list[str] = []
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    for target in plan["targets"]:
        seen = asked.get((target["host"], target["path"], target["pop"]), [])
        if len(seen) < 2 or seen[-1][1] != "HIT":
            cold.append(target["path"])
        if seen:
            rank = RANKS[target["tier"]]
            first[rank] = min(first.get(rank, seen[0][0]), seen[0][0])
            last[rank] = max(last.get(rank, seen[0][0]), seen[0][0])
    ranks = sorted(first)
    ordered = all(last[one] <= first[other] for one, other in pairwise(ranks))
    count = len(plan["targets"])
    true = not cold and ordered and bool(logs)
    return Finding(true, count - len(cold), "targets proven by a HIT", count, f"cold: {cold[:5]}; in order: {ordered}")


CLAIM = Claim(
    id="C6",
    text="Every warm target answered HIT on the second pass, all critical before the first low",
    witness="the POPs' access logs",
    phases=("start", "warm"),
    counter_experiment="one-pass",
    judge=judge,
)
