"""Saturday: windows by tag, from the pushed calendar. Acts by the clock alone, with every network down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from controlplane.errors import BadInput

# An entry written longer before a window than any entry lives cannot be alive at its start.
_NEAR = timedelta(hours=96)


@dataclass(frozen=True, slots=True)
class TagWindow:
    """A window of one tag, in UTC; the end is not part of it."""

    tag: str
    starts_at: datetime
    ends_at: datetime


class WindowTable:
    """`Windows` over a list of windows, which whoever polls the calendar replaces whole."""

    def __init__(self, windows: Iterable[TagWindow] = ()) -> None:
        self._by_tag: dict[str, list[TagWindow]] = {}
        self.replace(windows)

    def replace(self, windows: Iterable[TagWindow]) -> None:
        """Take these windows in place of all former ones. Raises BadInput for naive instants, changing nothing."""
        by_tag: dict[str, list[TagWindow]] = {}
        for window in windows:
            if window.starts_at.tzinfo is None or window.ends_at.tzinfo is None:
                raise BadInput(
                    f"the window of {window.tag} needs instants with an offset, for example 2027-06-11T22:00Z"
                )
            by_tag.setdefault(window.tag, []).append(window)
        self._by_tag = by_tag

    def physical_until(self, tags: Iterable[str], at: datetime) -> datetime | None:
        """The latest end of the windows that hold at `at` or begin within 96 hours."""
        ends = [window.ends_at for window in self._of(tags) if window.starts_at - _NEAR <= at < window.ends_at]
        return max(ends, default=None)

    def is_active(self, tags: Iterable[str], at: datetime) -> bool:
        """Whether any window of these tags holds at `at`."""
        return any(window.starts_at <= at < window.ends_at for window in self._of(tags))

    def _of(self, tags: Iterable[str]) -> Iterable[TagWindow]:
        for tag in tags:
            yield from self._by_tag.get(tag, ())
