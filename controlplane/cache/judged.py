"""Memory as the judge sees it: what may be served now, as what, and for how long an entry must live."""

from __future__ import annotations

from collections.abc import Iterable

from controlplane.cache.entry import Entry
from controlplane.cache.freshness import HIT, Bounds, State, Verdict, judge
from controlplane.cache.parts import Parts

NOTHING = Verdict(State.DEAD)


class JudgedMemory:
    """Looks into memory and collects what the judge needs: purges applied, sight of the log, the calendar."""

    def __init__(self, parts: Parts) -> None:
        self._clock = parts.clock
        self._monotonic = parts.clock.monotonic
        self._memory = parts.memory
        self._barriers = parts.barriers
        self._follower = parts.follower
        self._windows = parts.windows
        self._stats = parts.stats
        bounds = parts.settings
        self._bounds = Bounds(bounds.blind_after, bounds.blind_max, bounds.blind_max_erasable)

    def hit(self, key: str) -> Entry | None:
        """The entry of `key` if memory can answer with a hit, else None. The fast path: no tag is walked twice."""
        entry = self._memory.get(key)
        if entry is None:
            return None
        now = self._monotonic()
        if entry.checked == self._barriers.generation and now < entry.fresh_until and now <= self._follower.blind_at:
            return entry
        return entry if self.judge(key, entry, now).state is State.HIT and now < entry.fresh_until else None

    def look(self, key: str) -> tuple[Entry | None, Verdict]:
        """What memory has, judged now; the dead are dropped."""
        entry = self._memory.get(key)
        if entry is None:
            return None, NOTHING
        return entry, self.judge(key, entry, self._monotonic())

    def judge(self, key: str, entry: Entry, now: float) -> Verdict:
        """Collect what the judge needs; remember a hit's generation, drop the dead."""
        barriers = self._barriers
        generation = barriers.generation
        verdict = judge(
            entry,
            now=now,
            standing=barriers.standing(entry.tags, entry.as_of),
            blind_for=self._follower.blind_for(now),
            bounds=self._bounds,
            in_window=now - entry.started >= entry.fresh + entry.stale and self.in_window(entry.tags),
        )
        if verdict is HIT:
            entry.checked = generation
        elif verdict.state is State.DEAD and self._memory.get(key) is entry:
            self._memory.drop(key)
        return verdict

    def in_window(self, tags: Iterable[str]) -> bool:
        """Whether the calendar says Saturday; a calendar that fails says no."""
        if self._windows is None:
            return False
        try:
            return self._windows.is_active(tags, self._clock.now())
        except Exception:
            self._stats.window_failures += 1
            return False

    def life(self, tags: tuple[str, ...], normal: float) -> float:
        """Seconds that the entry must physically live, chosen now: it lasts through the window without any network."""
        if self._windows is None:
            return normal
        try:
            at = self._clock.now()
            until = self._windows.physical_until(tags, at)
        except Exception:
            self._stats.window_failures += 1
            return normal
        return normal if until is None else max(normal, (until - at).total_seconds())
