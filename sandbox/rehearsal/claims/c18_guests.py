"""C18: what the guests got: from the edge, soon, and almost without the databases."""

from __future__ import annotations

from sandbox.rehearsal.claim import Claim, Finding
from sandbox.rehearsal.evidence import Evidence

LEAST_HITS = 0.85
LEAST_SAVED = 0.85
MOST_MEAN_MS = 50.0
MOST_SECONDS_AT_ONCE = 10.0
TIERS = ("critical", "high", "medium", "low")


def judge(evidence: Evidence) -> Finding:
    """True when every bar of the mission is met: hit ratio, database reads saved, mean latency, a thousand at once."""
    seen, burst = evidence.one("crowd"), evidence.one("at-once")
    if seen is None or burst is None or not seen["hits"] or not seen["reads_without"]:
        return Finding(False, 0, "% from the edge", 0, "the guests were not watched")
    hits, asked = (sum(row[place] for row in seen["hits"].values()) for place in (0, 1))
    ratio, saved = hits / asked, 1 - seen["reads"] / seen["reads_without"]
    whole = seen["latency"]["all"]
    missed = {
        f"hit ratio {ratio:.3f} < {LEAST_HITS}": ratio < LEAST_HITS,
        f"database reads saved {saved:.3f} < {LEAST_SAVED}": saved < LEAST_SAVED,
        f"mean {whole['mean']} ms > {MOST_MEAN_MS:g} ms": whole["mean"] > MOST_MEAN_MS,
        f"{burst['seconds']} s for {burst['guests']} guests": burst["seconds"] > MOST_SECONDS_AT_ONCE,
        f"{burst['guests'] - burst['answered']} of them got nothing": burst["answered"] < burst["guests"],
        f"{seen['failed']} cacheable requests failed": seen["failed"] > 0,
    }
    wrong = [reason for reason, holds in missed.items() if holds]
    tiers = ", ".join(
        f"{name} {100 * seen['hits'][name][0] / seen['hits'][name][1]:.1f}" for name in TIERS if name in seen["hits"]
    )
    unit = (
        f"guests' requests, % from the edge ({tiers}); database reads {seen['reads']} instead of "
        f"{seen['reads_without']} (-{100 * saved:.1f} %); mean {whole['mean']} ms, p95 {whole['p95']} ms in "
        f"{len(seen['latency']) - 1} cities; {burst['guests']} guests at once in {burst['seconds']} s"
    )
    return Finding(not wrong, round(100 * ratio, 1), unit, asked, "; ".join(wrong))


CLAIM = Claim(
    id="C18",
    text="Guests are served from the edge, soon, and almost without the databases",
    witness="the POPs' access logs, the guests' diary, the databases' own counts",
    phases=("start", "warm", "crowd"),
    counter_experiment="tracked-links",
    judge=judge,
    worlds=("full",),
)
