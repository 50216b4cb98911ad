"""Freeze windows as the cache asks for them. Answers come from memory: both methods return at once and never raise."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class Windows(Protocol):
    """The calendar, by an entry's tags (a window belongs to `wedding:<id>`)."""

    def physical_until(self, tags: Iterable[str], at: datetime) -> datetime | None:
        """Until when an entry written at `at` must stay alive: the end of the active window, or of the next one near
        enough that the entry would still be alive at its start; None without one."""
        ...

    def is_active(self, tags: Iterable[str], at: datetime) -> bool:
        """Whether a window of these tags holds at `at` (start included, end not)."""
        ...
