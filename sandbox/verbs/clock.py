"""`clock show | set T | advance 6h`: the calendar, moved in jumps."""

from __future__ import annotations

from controlplane.domain.duration import NotADuration, parse_duration
from controlplane.domain.instant import NotAnInstant, parse_instant, zulu
from sandbox.clock import OffsetClock
from sandbox.run import Run
from sandbox.verbs.words import require_up, show, wrong_words


def clock(run: Run, verb: str, value: str | None) -> int:
    """Show or move the calendar. Raises CannotDo for words that are no time or no duration."""
    if verb == "set":
        try:
            at = parse_instant(value or "")
        except NotAnInstant as why:
            raise wrong_words(str(why)) from why
        require_up(run)
        OffsetClock(run.clock).set(at)
    elif verb == "advance":
        try:
            jump = parse_duration(value or "")
        except NotADuration as why:
            raise wrong_words(str(why)) from why
        require_up(run)
        OffsetClock(run.clock).advance(jump.total_seconds())
    else:
        require_up(run)
    calendar = OffsetClock(run.clock)
    show(f"{zulu(calendar.now().replace(microsecond=0))}  ({calendar.offset:+.0f} s to the machine's clock)")
    return 0
