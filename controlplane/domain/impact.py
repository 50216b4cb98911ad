"""Time to impact: when guests notice a fault, if nothing is done. Seconds, pure."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.domain.tier import PROFILES

ORIGIN_READ_SECONDS = 2
"""The edges' time-out for an origin's answer: what comes later is an error for guests, where nothing stale is kept."""
HELD_SECONDS = min(profile.stale for profile in PROFILES.values()).total_seconds()
"""For how long at least a POP goes on serving a page that it holds, after no origin could renew it."""
_ALL_AT_ONCE = frozenset({"cdn"})
_WRITES_STOP = frozenset({"origin", "region", "isolated"})


@dataclass(frozen=True)
class Impact:
    """Seconds until the first guest-visible error: of what no cache may answer, and of pages that the POPs hold.

    None: none is expected while the fault stays as it is; 0: now.
    """

    uncached: float | None = None
    cached: float | None = None

    @property
    def first(self) -> float | None:
        """Seconds until the first of both."""
        return min((one for one in (self.uncached, self.cached) if one is not None), default=None)

    def sentence(self) -> str:
        """For people: "if nothing is done: ..."."""
        if self.first is None:
            return "if nothing is done: no guest-visible error"
        if self.uncached is None:
            return f"if nothing is done: first guest-visible error in {spoken(self.cached or 0.0)}, or never"
        said = f"if nothing is done: first guest-visible error {_in(self.uncached)}"
        return (
            said
            if self.cached is None or self.cached == self.uncached
            else (f"{said} (what no cache may answer), for cached pages {_in(self.cached)}")
        )


def impact(broken: str, *, is_home: bool, late: float, lasts: float) -> Impact:
    """What a fault of kind `broken` (values of `diagnosis.Broken`), `lasts` seconds old, means for guests.

    `late`: seconds after which a slow origin answers. A region that is not home answers no guest by itself, but writes
    that wait for it are refused until it is marked down.
    """
    held = max(0.0, HELD_SECONDS - lasts)
    if broken in _ALL_AT_ONCE:
        return Impact(0.0, 0.0)
    if broken in _WRITES_STOP or (broken == "slow" and late >= ORIGIN_READ_SECONDS):
        return Impact(0.0, held if is_home else None)
    # The database answers what the caches do not: pages are safe for as long as POPs hold them, whatever it bears.
    return Impact(None, held if broken == "caches" else None)


def spoken(seconds: float) -> str:
    """`3 h 12 min`, `4 min`, `20 s`: the two largest units that say something."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{rest} s"


def _in(seconds: float) -> str:
    return f"in {spoken(seconds)}" if seconds > 0 else "now"
