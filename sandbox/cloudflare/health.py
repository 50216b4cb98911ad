"""Health of origins and pools, as pure state transitions over probe results."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.cloudflare.answers import Json
from sandbox.cloudflare.world import OriginHealth

VANTAGE_POINT = "Frankfurt, DE"


@dataclass(frozen=True)
class Probe:
    """One probe's outcome: whether it passed, the HTTP status if any, seconds, and why it failed."""

    ok: bool
    code: int | None
    seconds: float
    reason: str = "No failures"


def after(before: OriginHealth, probe: Probe, monitor: Json) -> OriginHealth:
    """The origin's health after one more probe.

    The first probe decides at once; later ones flip the state after `consecutive_up` passes or `consecutive_down`
    failures in a row (0 counts as 1).
    """
    passes = before.passes + 1 if probe.ok else 0
    failures = 0 if probe.ok else before.failures + 1
    healthy = before.healthy
    if healthy is None:
        healthy = probe.ok
    elif not healthy and passes >= max(1, monitor["consecutive_up"]):
        healthy = True
    elif healthy and failures >= max(1, monitor["consecutive_down"]):
        healthy = False
    return replace(
        before,
        healthy=healthy,
        passes=passes,
        failures=failures,
        reason=probe.reason,
        code=probe.code,
        seconds=probe.seconds,
    )


def origin_flags(pool: Json, known: dict[str, OriginHealth]) -> dict[str, bool]:
    """Origin name -> healthy, for the POPs. Without a monitor, or before its first probe: healthy."""
    if not pool["monitor"]:
        return {str(row["name"]): True for row in pool["origins"]}
    return {str(row["name"]): known.get(row["name"], OriginHealth()).healthy is not False for row in pool["origins"]}


def pool_healthy(pool: Json, known: dict[str, OriginHealth]) -> bool:
    """Whether enough enabled origins are healthy (`minimum_origins`)."""
    flags = origin_flags(pool, known)
    up = sum(1 for row in pool["origins"] if row["enabled"] and flags[row["name"]])
    return up >= max(1, int(pool["minimum_origins"]))


def pool_report(pool: Json, known: dict[str, OriginHealth]) -> Json:
    """`pop_health` as the API returns it: vantage point -> healthy and origins by address."""
    if not pool["monitor"] or not known:
        return {}
    origins = [
        {
            row["address"]: {
                "healthy": seen.healthy,
                "failure_reason": seen.reason,
                "response_code": seen.code,
                "rtt": f"{seen.seconds * 1000:.1f}ms",
            }
        }
        for row in pool["origins"]
        if (seen := known.get(row["name"])) is not None
    ]
    return {VANTAGE_POINT: {"healthy": pool_healthy(pool, known), "origins": origins}}
