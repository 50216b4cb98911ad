"""What is broken, from what the vantage points see: five faults that look alike from afar and want different answers.

Pure. A region that was left already is not diagnosed: its traffic is elsewhere.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from controlplane.domain.failover import What
from controlplane.domain.health import Health, Verdict
from controlplane.domain.heartbeat import Heartbeat
from controlplane.domain.impact import Impact, impact


class Broken(enum.Enum):
    """What is broken. The values are what programs read."""

    NOTHING = "nothing"
    UNSURE = "unsure"
    AGENT = "agent"
    CACHES = "caches"
    SLOW = "slow"
    ORIGIN = "origin"
    ISOLATED = "isolated"
    REGION = "region"
    CDN = "cdn"


@dataclass(frozen=True)
class Sighted:
    """What was seen in one look.

    `verdicts` maps regions, `edges` CDNs to what the vantage points say; `heartbeats` are the agents' last words, those
    in `living` of now. `at` is the asker's calendar.
    """

    heartbeats: Mapping[str, Heartbeat]
    living: frozenset[str]
    verdicts: Mapping[str, Verdict]
    edges: Mapping[str, Verdict]
    home: str
    down: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Diagnosis:
    """One region or CDN: what is broken and why we think so, what guests feel and when, and what to do.

    `what` is what `failover` should leave there; None where leaving is not the answer. `advice` is a sentence,
    `command` what to type, "" for nothing.
    """

    subject: str
    broken: Broken
    because: str
    impact: Impact
    advice: str
    what: What | None = None
    command: str = ""


def diagnose(seen: Sighted) -> list[Diagnosis]:
    """One diagnosis for each region and each CDN, in the order in which they were given."""
    regions = [_region(name, seen) for name in seen.verdicts]
    return regions + [_cdn(name, seen) for name in seen.edges]


def found_broken(diagnoses: list[Diagnosis]) -> list[Diagnosis]:
    """Those that say something."""
    return [one for one in diagnoses if one.broken is not Broken.NOTHING]


def why_not(what: What, found: Diagnosis, *, is_lost: bool) -> str:
    """Why `what` of a region may not be left now; "" where it may.

    Origin and region need a majority that calls the region down. Moving reads away moves no role, so that caches may be
    left as soon as they do not answer, or answers come late.
    """
    if what is What.CACHES:
        worn = found.broken in (Broken.CACHES, Broken.SLOW) or is_lost
        return "" if worn else f"the caches of {found.subject} answer"
    return "" if is_lost else f"{found.subject} is not lost: no action in a minority view"


def _region(name: str, seen: Sighted) -> Diagnosis:
    if name in seen.down:
        return Diagnosis(name, Broken.NOTHING, "it was left", Impact(), "")
    broken, because = _what_is_broken(name, seen)
    late = _late(name, seen)
    since = _since(name, seen, broken)
    found = impact(broken.value, is_home=name == seen.home, late=late, lasts=(seen.at - since).total_seconds())
    return _advised(name, broken, because, found)


def _what_is_broken(name: str, seen: Sighted) -> tuple[Broken, str]:
    """The fault and the signs that tell it from its neighbours."""
    verdict = seen.verdicts[name]
    own = seen.heartbeats.get(name) if name in seen.living else None
    if verdict.is_lost:
        return _which_loss(name, own, _late(name, seen))
    if own is not None and not own.cache_answers:
        return Broken.CACHES, "its Redis does not answer its agent; its origin answers"
    if Health.DOWN in verdict.views.values():
        return Broken.UNSURE, "a minority calls it down"
    if own is None and name in seen.heartbeats:
        return Broken.AGENT, "its agent is silent; its origin answers"
    return Broken.NOTHING, "it answers"


def _which_loss(name: str, own: Heartbeat | None, late: float) -> tuple[Broken, str]:
    if late:
        return Broken.SLOW, f"its health path answers, after {late:.1f} s"
    if own is None:
        return Broken.REGION, "its origin does not answer and its agent is silent"
    if own.views.get(name) is Health.UP:
        return Broken.ISOLATED, "its own agent reaches its origin, the others do not: it lives behind a cut"
    if own.cache_answers:
        return Broken.ORIGIN, "its agent lives and reaches its Redis; its origin does not answer"
    return Broken.REGION, "its agent lives and reaches neither its origin nor its Redis"


def _advised(name: str, broken: Broken, because: str, found: Impact) -> Diagnosis:
    advice, what = _ADVICE[broken]
    if broken is Broken.SLOW and found.uncached is None:
        advice, what = "do nothing while answers come within the edges' time-out; look again", None
    command = f"wedcache failover {name}{'' if what is What.REGION else f' --what {what.value}'}" if what else ""
    return Diagnosis(name, broken, because, found, advice, what, command)


_ADVICE: dict[Broken, tuple[str, What | None]] = {
    Broken.NOTHING: ("", None),
    Broken.UNSURE: ("do nothing in a minority view; look again", None),
    Broken.AGENT: ("do nothing for guests; start `wedcache worker` there again", None),
    Broken.CACHES: ("do nothing while its database carries the reads; `--what caches` moves them if it does not", None),
    Broken.SLOW: ("leave its origin: what is not cached times out at the edges", What.ORIGIN),
    Broken.ORIGIN: ("leave its origin; its caches are kept", What.ORIGIN),
    Broken.ISOLATED: ("leave the region: it may still say yes to writes, the epoch fences it", What.REGION),
    Broken.REGION: ("leave the region", What.REGION),
}


def _cdn(name: str, seen: Sighted) -> Diagnosis:
    verdict = seen.edges[name]
    if not verdict.is_lost:
        unsure = Health.DOWN in verdict.views.values()
        broken = Broken.UNSURE if unsure else Broken.NOTHING
        return Diagnosis(
            name, broken, "a minority calls it down" if unsure else "it answers", Impact(), _ADVICE[broken][0]
        )
    if any(one.is_lost for region, one in seen.verdicts.items() if region not in seen.down):
        because = "its POPs do not answer, and a lost region behind them is enough for that"
        return Diagnosis(
            name, Broken.UNSURE, because, Impact(), "do nothing here before the region was left; look again"
        )
    others = [other for other, views in seen.edges.items() if other != name and not views.is_lost]
    because = "its POPs do not answer, whatever the regions do"
    found = impact(Broken.CDN.value, is_home=False, late=0.0, lasts=0.0)
    if not others:
        return Diagnosis(name, Broken.CDN, because, found, "do nothing: no other CDN answers either")
    advice = f"lead its weddings' hosts to {others[0]}; no region is at fault, a failover would not help"
    return Diagnosis(name, Broken.CDN, because, found, advice, None, "wedcache route WEDDING")


def _late(name: str, seen: Sighted) -> float:
    """How late the region's health path answers those who call it down; 0 where one of them gets no answer at all."""
    down = [point for point in seen.living if seen.heartbeats[point].views.get(name) is Health.DOWN]
    late = [seen.heartbeats[point].late.get(name, 0.0) for point in down]
    return max(late) if late and min(late) > 0 else 0.0


def _since(name: str, seen: Sighted, broken: Broken) -> datetime:
    """Since when it is broken, as the first living agent noticed; now, where nobody says."""
    if broken is Broken.CACHES:
        told = [seen.heartbeats[name].cache_silent_since]
    else:
        told = [seen.heartbeats[point].down_since.get(name) for point in seen.living]
    return min((min(one, seen.at) for one in told if one is not None), default=seen.at)
