"""Memory as the judge sees it: what may be served now, as what, and for how long an entry must live."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from controlplane.cache.barriers import Standing
from controlplane.cache.entry import Entry
from controlplane.cache.freshness import HIT, Bounds, State, Verdict, judge
from controlplane.cache.parts import Parts

NOTHING = Verdict(State.DEAD)


class JudgedMemory:
    """Looks into memory and collects what the judge needs: purges applied, sight of the log, the calendar.

    `hit(key)` is the entry of `key` if memory can answer with a hit, else None. It may be called from any thread: it
    takes nothing out of memory.
    """

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
        self.hit: Callable[[str], Entry | None] = self._fast_path()

    def peek(self, key: str) -> Entry | None:
        """As `hit`, also where a refresh ahead or a look into Redis is due; from any thread."""
        entry = self._memory.entries.get(key)
        return entry if entry is not None and self.weigh(entry, self._monotonic()).state is State.HIT else None

    def look(self, key: str) -> tuple[Entry | None, Verdict]:
        """What memory has, judged now; the dead are dropped."""
        entry = self._memory.get(key)
        if entry is None:
            return None, NOTHING
        return entry, self.judge(key, entry, self._monotonic())

    def judge(self, key: str, entry: Entry, now: float) -> Verdict:
        """As `weigh`; the dead are dropped from memory."""
        verdict = self.weigh(entry, now)
        if verdict.state is State.DEAD and self._memory.entries.get(key) is entry:
            self._memory.drop(key)
        return verdict

    def weigh(self, entry: Entry, now: float) -> Verdict:
        """Collect what the judge needs; mark a hit."""
        barriers = self._barriers
        is_marked = entry.mark[0] == barriers.generation
        standing = Standing.VALID if is_marked else barriers.standing(entry.tags, entry.as_of)
        if standing is Standing.VALID and now <= self._follower.blind_at and entry.is_fresh(now):
            # What `judge` says of it as well: most answers are this one.
            entry.mark = self._memory.queues.marked(barriers.generation)
            return HIT
        verdict = judge(
            entry,
            now=now,
            standing=standing,
            blind_for=self._follower.blind_for(now),
            bounds=self._bounds,
            in_window=now - entry.started >= entry.fresh + entry.stale and self.in_window(entry.tags),
        )
        if verdict is HIT:
            entry.mark = self._memory.queues.marked(barriers.generation)
        return verdict

    def _fast_path(self) -> Callable[[str], Entry | None]:
        """`hit`, with all that it needs at hand: one look-up, four comparisons, one count, no new object.

        No tag is looked at while no purge was applied since the entry was last found valid; after one, once, and all
        of them only if the purges since then had one of them.
        """
        find, queues, is_still_valid = self._memory.entries.get, self._memory.queues, self._is_still_valid
        monotonic, barriers, follower = self._monotonic, self._barriers, self._follower

        def hit(key: str) -> Entry | None:
            entry = find(key)
            if entry is None:
                return None
            now = monotonic()
            if now < entry.fresh_until and now <= follower.blind_at:
                mark = queues.mark
                if (entry.mark is mark and mark[0] == barriers.generation) or is_still_valid(entry):
                    entry.uses += 1
                    return entry
            return None

        return hit

    def values(self, otherwise: Callable[[str, Any], Any]) -> Callable[..., Any]:
        """`peek(key, default=None)`: the value of a `hit`, without a call to that, or what `otherwise` answers."""
        find, queues, is_still_valid = self._memory.entries.get, self._memory.queues, self._is_still_valid
        monotonic, barriers, follower = self._monotonic, self._barriers, self._follower

        def peek(key: str, default: Any = None) -> Any:
            entry = find(key)
            if entry is not None:
                now = monotonic()
                if now < entry.fresh_until and now <= follower.blind_at:
                    mark = queues.mark
                    if (entry.mark is mark and mark[0] == barriers.generation) or is_still_valid(entry):
                        entry.uses += 1
                        return entry.value if entry.thaw is None else entry.own()
            return otherwise(key, default)

        return peek

    def _is_still_valid(self, entry: Entry) -> bool:
        """Whether no purge reached the entry; it is marked as used now."""
        barriers, checked = self._barriers, entry.mark[0]
        if checked != barriers.generation:
            is_untouched = checked >= barriers.touched_since and barriers.touched.isdisjoint(entry.tags)
            if not is_untouched and barriers.standing(entry.tags, entry.as_of) is not Standing.VALID:
                return False
        entry.mark = self._memory.queues.marked(barriers.generation)
        return True

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
